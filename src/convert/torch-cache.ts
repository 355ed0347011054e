import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where torch keeps a file of weights that it has downloaded. */
export function torchFile(name: string): string {
  const { TORCH_HOME, XDG_CACHE_HOME } = process.env;
  const home = TORCH_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'torch');
  return join(home, 'hub', 'checkpoints', name);
}

/** Where torch downloads it from. */
export const torchUrl = (name: string): string => `https://download.pytorch.org/models/${name}`;
