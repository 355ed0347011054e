/** Keyword of a PNG's text that says where the pictures of a sheet are: JSON, by rows, [left, top, width, height] in pixels. */
export const TILES = 'pix2pixhd-tiles';
