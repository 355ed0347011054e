// The editor's keys, wherever on the page they are pressed.

import { TOOLS } from '../document/tools.js';
import type { Editor } from '../editor.js';
import { fitted, type Looks, zoomed } from './looks.js';

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) &&
  target.getAttribute('type') !== 'range' &&
  target.getAttribute('type') !== 'radio';

/** By key, with what it needs held: `^` is control or command, `+` shift. */
function shortcuts(editor: Editor, looks: Looks, setLooks: (looks: Looks) => void): Record<string, () => void> {
  const { size, mode, label } = editor.state;
  const view = () => document.querySelector('.stage')!.getBoundingClientRect();
  const middle = () => ({ x: view().width / 2, y: view().height / 2 });
  const classes = editor.state.model?.manifest.classes.names.length ?? 0;
  return {
    ...Object.fromEntries(TOOLS.map(({ key, name }) => [key, () => editor.set({ tool: name })])),
    '^z': editor.undo,
    '^+z': editor.redo,
    '^y': editor.redo,
    '[': () => editor.set({ size: Math.max(1, size - Math.ceil(size / 8)) }),
    ']': () => editor.set({ size: Math.min(128, size + Math.ceil(size / 8)) }),
    n: () => editor.set({ mode: mode === 'new' ? 'extend' : 'new' }),
    d: editor.duplicateSelected,
    Delete: editor.removeSelected,
    x: editor.randomStyles,
    '+': () => setLooks(zoomed(looks, 1.5, middle())),
    '=': () => setLooks(zoomed(looks, 1.5, middle())),
    '-': () => setLooks(zoomed(looks, 1 / 1.5, middle())),
    '0': () => editor.state.drawing && setLooks(fitted(looks, view(), editor.state.drawing)),
    ',': () => editor.set({ label: (label + classes - 1) % classes }),
    '.': () => editor.set({ label: (label + 1) % classes }),
    Escape: () => editor.select(undefined),
  };
}

/** As the table of shortcuts has it. */
function nameOf({ ctrlKey, metaKey, shiftKey, key }: KeyboardEvent): string {
  const held = ctrlKey || metaKey;
  return `${held ? '^' : ''}${held && shiftKey ? '+' : ''}${key.length === 1 ? key.toLowerCase() : key}`;
}

/** Does what a key stands for, unless it is typed into a field or someone has taken it already. */
export function press(editor: Editor, looks: Looks, setLooks: (looks: Looks) => void, event: KeyboardEvent): void {
  if (isTyping(event.target) || event.altKey || event.defaultPrevented) return;
  const run = shortcuts(editor, looks, setLooks)[nameOf(event)];
  if (!run) return;
  event.preventDefault();
  run();
}
