/** The lines of a log.jsonl of steps up to `step`; half a line, of a power cut, is none. */
export function linesTo(text: string, step: number): string {
  const kept = text.split('\n').filter((line) => {
    try {
      return JSON.parse(line).step <= step;
    } catch {
      return false;
    }
  });
  return kept.map((line) => `${line}\n`).join('');
}
