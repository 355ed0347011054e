import { boundsText, type OptionSpec } from './option.js';
import { OPTIONS } from './table.js';

const cell = (text: string): string => text.replaceAll('|', '\\|');

function row(name: string, spec: OptionSpec): string {
  const { type, value, choices, help, without, refused } = spec;
  const shownValue = spec.optional ? `[${value ?? type.toUpperCase()}]` : (value ?? type.toUpperCase());
  const spelled = `--${spec.spelled ?? name}${type === 'flag' ? '' : ` ${shownValue}`}`;
  const takes = choices ? choices.join(', ') : boundsText(spec);
  const fate = refused ? ` – **refused:** ${refused}` : without ? ` – **changes nothing:** ${without}` : '';
  return `| \`${spelled}\` | ${cell(takes)} | ${spec.default ?? ''} | ${cell(help + fate)} |`;
}

/** Every option of the table by its group, as the page docs/options.md. */
export function optionsMarkdown(): string {
  const rows = Object.entries<OptionSpec>(OPTIONS);
  const groups = [...new Set(rows.map(([, { group }]) => group))];
  const sections = groups.map((group) => {
    const lines = rows.filter(([, spec]) => spec.group === group).map(([name, spec]) => row(name, spec));
    return [`## ${group}`, '', '| option | values | default | what |', '|---|---|---|---|', ...lines].join('\n');
  });
  return `# Options

Made by \`npm run docs\` from the table that the commands read. \`COMMAND --help\` lists those of a command. The reference's
spelling (\`--netG\`, \`--label_nc\`) means the same.

${sections.join('\n\n')}
`;
}
