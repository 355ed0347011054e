// The folder of a recipe: recipe.json, and for every phase the folder of a run.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../formats/atomic.js';
import { checkpointSteps } from './checkpoint-folder.js';
import type { RecipeName } from './recipes.js';
import { readJson } from './run-folder.js';

/** What recipe.json holds. */
export interface StoredRecipe {
  recipe: RecipeName;
  dataroot: string;
  /** Names of its phases' folders, in order. */
  phases: string[];
  /** The options that were given, by their camelCase names: all others are the recipe's. */
  options: Record<string, unknown>;
}

const RECIPE = 'recipe.json';

export const isRecipeFolder = (root: string): boolean => existsSync(join(root, RECIPE));

/** @throws MissingFileError, DataError */
export const readRecipe = (root: string): Promise<StoredRecipe> => readJson(join(root, RECIPE));

/** @throws IOError */
export const writeRecipe = (root: string, recipe: StoredRecipe): Promise<void> =>
  writeFileAtomic(join(root, RECIPE), `${JSON.stringify(recipe, null, 2)}\n`);

/** The newest checkpoint's step of a run, 0 where it has none. */
export const newestStep = async (run: string): Promise<number> =>
  (await checkpointSteps(join(run, 'checkpoints')))[0] ?? 0;

/** The run that a folder means: itself, or of a recipe's phases the last that has a checkpoint. */
export async function currentRun(path: string): Promise<string> {
  if (!isRecipeFolder(path)) return path;
  const { phases } = await readRecipe(path);
  const steps = await Promise.all(phases.map((name) => newestStep(join(path, name))));
  const last = steps.findLastIndex((step) => step > 0);
  return join(path, phases[Math.max(0, last)]!);
}
