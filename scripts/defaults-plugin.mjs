// esbuild plugin: of the tables of options only the defaults of a training, worked out when bundling, for builds that ask for no more.

export const defaultsOnly = {
  name: 'defaults-only',
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]options[\\/]table\.ts$/ }, async ({ path }) => {
      const { outputFiles } = await build.esbuild.build({
        entryPoints: [path],
        bundle: true,
        format: 'esm',
        write: false,
      });
      const { trainDefaults } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
      return { contents: `export const trainDefaults = () => (${JSON.stringify(trainDefaults())});` };
    });
  },
};
