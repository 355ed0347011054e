// Headings of options, in help and documents.

export const DATA = 'Data';
export const NETS = 'Networks';
export const LOSSES = 'Losses';
export const STYLES = 'Styles';
export const SCHEDULE = 'Schedule';
export const START = 'Start';
export const VALIDATION = 'Measuring';
export const OUTPUT = 'Output';
export const MACHINE = 'Machine';
