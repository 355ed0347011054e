// What dropped files are for, by their folders or else by the ends of their names.

import { DataError } from '../src/errors.js';

/** Folders of a data set: their files stay where they are. */
const FOLDER = /(?:^|\/)((?:train|test)_(?:label|inst|img)\/.+)$/;

/** Ends of names, and the folder they go to. The first three are cut off, so that what is left pairs; Cityscapes' pair as they are. */
const ENDINGS: readonly [end: RegExp, folder: string][] = [
  [/_labels?(?=\.\w+$)/i, 'train_label'],
  [/_inst(ances?)?(?=\.\w+$)/i, 'train_inst'],
  [/_(img|image|photo)(?=\.\w+$)/i, 'train_img'],
  [/(?=_gt(Fine|Coarse)_label(Train)?Ids\.\w+$)/, 'train_label'],
  [/(?=_gt(Fine|Coarse)_instanceIds\.\w+$)/, 'train_inst'],
  [/(?=_leftImg8bit\.\w+$)/, 'train_img'],
];

const PICTURE = /\.(jpe?g|png|ppm|pgm|webp)$/i;

/** The path of a file in a data set; undefined for what is no part of one. @throws DataError for a picture that could be anything */
function placeOf(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === 'classes.json') return name;
  if (!PICTURE.test(name) || name.startsWith('.')) return undefined;
  const inFolder = FOLDER.exec(path)?.[1];
  if (inFolder) return inFolder;
  const ending = ENDINGS.find(([end]) => end.test(name));
  if (ending) return `${ending[1]}/${name.replace(ending[0], '')}`;
  const fix =
    'Put label maps, instance maps and photos into folders train_label, train_inst and train_img, or end their names in _label, _inst and _img';
  throw new DataError('may be a label map or a photo', { file: path, fix });
}

/** Files by their paths in a data set. @throws DataError naming what it is not clear of */
export const placed = <File>(files: readonly (readonly [path: string, file: File])[]): [path: string, file: File][] =>
  files.flatMap(([path, file]) => {
    const place = placeOf(path);
    return place ? [[place, file]] : [];
  });

/** How many pictures of each kind there are, for people. */
export function countsText(files: readonly (readonly [path: string, file: unknown])[]): string {
  const count = (folder: string) => files.filter(([path]) => path.startsWith(`${folder}/`)).length;
  return `${count('train_label')} label maps, ${count('train_inst')} instance maps, ${count('train_img')} photos`;
}
