// A new run: its data and its options, of which only those that matter for a small net are asked for.

import { useState } from 'preact/hooks';
import { pickFiles } from '../../editor/view/files.js';
import { camelCase, type OptionSpec, parseValue } from '../../src/options/option.js';
import { OPTIONS } from '../../src/options/table.js';
import { EARTH_RECIPE } from '../../src/train/recipe.js';
import { countsText, placed } from '../dropped.js';
import type { Order } from '../messages.js';
import { type NamedFile, pickFolder } from './files.js';

const FIELDS = [
  'load-size',
  'fine-size',
  'ngf',
  'n-downsample-global',
  'n-blocks-global',
  'ndf',
  'lr',
  'niter',
  'niter-decay',
  'max-steps',
  'display-freq',
  'save-latest-freq',
  'seed',
] as const satisfies readonly (keyof typeof OPTIONS)[];

/** Small enough for a tab; a picture and a checkpoint come often, since a tab is soon closed. */
const RECIPE: Readonly<Record<string, string | number>> = {
  ...EARTH_RECIPE,
  'display-freq': 50,
  'save-latest-freq': 100,
};

/** Far more than a tab does: the epochs are then what ends it. */
const startOf = (name: (typeof FIELDS)[number]): string =>
  String(RECIPE[name] ?? (OPTIONS[name] as OptionSpec).default ?? '');

/** What stands in the fields, by the options' names. */
type Texts = Readonly<Record<string, string>>;

/** Options by their camelCase names. @throws UsageError for what an option does not take */
function optionsOf(texts: Texts): Record<string, unknown> {
  const given = Object.entries(texts).filter(([, text]) => text !== '');
  const read = given.map(([name, text]) => [name, parseValue(text, OPTIONS[name as keyof typeof OPTIONS])]);
  const all = Object.entries({ ...RECIPE, ...Object.fromEntries(read) });
  return Object.fromEntries(all.map(([name, value]) => [camelCase(name), value]));
}

interface Props {
  /** Names that are taken. */
  taken: readonly string[];
  busy: boolean;
  files: readonly NamedFile[] | undefined;
  onFiles(files: readonly NamedFile[] | undefined): void;
  onStart(order: Order): void;
  onError(error: unknown): void;
}

/** `earth`, or `earth-2`, … */
function freeName(base: string, taken: readonly string[]): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}-${n}`;
    if (!taken.includes(name)) return name;
  }
}

export function Form({ taken, busy, files, onFiles, onStart, onError }: Props) {
  const [texts, setTexts] = useState<Texts>(Object.fromEntries(FIELDS.map((name) => [name, startOf(name)])));
  const [named, setNamed] = useState<string>();
  const name = named ?? freeName(files ? 'mine' : 'earth', taken);
  const start = (event: Event) => {
    event.preventDefault();
    try {
      onStart({ name, options: optionsOf(texts), ...(files ? { files: placed(files) } : {}) });
      setNamed(undefined);
    } catch (error) {
      onError(error);
    }
  };
  const choose = async (pick: () => Promise<NamedFile[]>) => {
    const chosen = await pick();
    if (chosen.length > 0) onFiles(chosen);
  };
  return (
    <form class="card" aria-label="New run" onSubmit={start}>
      <h2>New run</h2>
      <Data files={files} onFiles={onFiles} onChoose={choose} />
      <div class="fields">
        <label>
          name
          <input required value={name} onInput={({ currentTarget }) => setNamed(currentTarget.value)} />
        </label>
        <Options texts={texts} onTexts={setTexts} />
      </div>
      <button type="submit" class="main" disabled={busy}>
        Start
      </button>
    </form>
  );
}

const Options = ({ texts, onTexts }: { texts: Texts; onTexts(texts: Texts): void }) => (
  <>
    {FIELDS.map((field) => (
      <label key={field} title={OPTIONS[field].help}>
        {field}
        <input
          inputMode="decimal"
          value={texts[field]}
          onInput={({ currentTarget }) => onTexts({ ...texts, [field]: currentTarget.value })}
        />
      </label>
    ))}
  </>
);

interface DataProps extends Pick<Props, 'files' | 'onFiles'> {
  onChoose(pick: () => Promise<NamedFile[]>): void;
}

const loose = async (): Promise<NamedFile[]> =>
  (await pickFiles('image/*,.json', true)).map((file) => [file.name, file]);

/** What it trains on. */
function Data({ files, onFiles, onChoose }: DataProps) {
  return (
    <fieldset>
      <legend>Pictures</legend>
      <p>{files ? `${countsText(safely(files))}.` : 'The Earth: label maps, countries and photos of 12 places.'}</p>
      <p class="hint">
        To train on your own, drop files or a folder here: label maps, photos and, if you have some, instance maps. What
        belongs together has one name and lies in train_label, train_img and train_inst, or ends in _label, _img and
        _inst. They stay on this machine.
      </p>
      <p class="controls">
        <button type="button" onClick={() => onChoose(pickFolder)}>
          Choose folder …
        </button>
        <button type="button" onClick={() => onChoose(loose)}>
          Choose files …
        </button>
        {files && (
          <button type="button" onClick={() => onFiles(undefined)}>
            The Earth instead
          </button>
        )}
      </p>
    </fieldset>
  );
}

/** For counting; what is wrong with them is told when they are to be used. */
function safely(files: readonly NamedFile[]): readonly NamedFile[] {
  try {
    return placed(files);
  } catch {
    return files;
  }
}
