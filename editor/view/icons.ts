// One path a tool, drawn with strokes in a square of 24.

import type { ToolName } from '../document/tools.js';

export const ICONS: Record<ToolName, string> = {
  brush: 'M4 20c3 0 5-1 5-4l9-11 2 2-10 10c0 3-3 5-6 3z',
  eraser: 'M4 15l9-9 6 6-7 7H8zM10 9l6 6M12 19h8',
  line: 'M5 19L19 5',
  rectangle: 'M4 6h16v12H4z',
  ellipse: 'M3 12a9 6.5 0 1 0 18 0a9 6.5 0 1 0-18 0z',
  lasso: 'M7 16c-5-3-3-11 5-11s11 6 6 10-9 0-10 2 2 3 0 4',
  bucket: 'M5 12l7-7 7 7-7 7zM12 5V2M20 15c2 3 2 4 0 5-2-1-2-2 0-5z',
  eyedropper: 'M5 19l1-4 8-8 3 3-8 8zM13 6l5 5M16 4l4 4',
  select: 'M6 3l12 9-5 1 3 6-2 1-3-6-4 4z',
  pan: 'M12 3v18M3 12h18M12 3l-2 2M12 3l2 2M12 21l-2-2M12 21l2-2M3 12l2-2M3 12l2 2M21 12l-2-2M21 12l-2 2',
};
