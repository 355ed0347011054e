// uPlot hands the browser's language to Intl as it loads, and C locales have names that Intl refuses (`en-US@posix`): the page would stay
// blank. Imported before it.

try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en-US' });
}
