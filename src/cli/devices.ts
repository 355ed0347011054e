// pix2pixhd devices: which GPUs there are, which one would be used, and what it can do.

import type { Device } from '../device/device.js';
import { adapterNames, openDevice } from '../device/node.js';
import { commandOf } from './command.js';
import { selftest, selftestText } from './selftest.js';

export const devices = commandOf({
  name: 'devices',
  help: 'list the GPUs of this machine and say which one would be used, and why',
  options: ['adapter', 'json', 'selftest'],
  async run({ adapter, json, selftest: wanted }) {
    const adapters = await adapterNames();
    const device = await openDevice({ adapter });
    const report = describe(adapters, device);
    const rows = wanted ? await selftest(device) : undefined;
    device.close();
    console.log(json ? JSON.stringify({ ...report, selftest: rows }) : text(report));
    if (rows && !json) console.log(selftestText(rows));
    if (rows?.some(({ ok }) => !ok)) process.exitCode = 70;
  },
});

type Report = ReturnType<typeof describe>;

function describe(adapters: string[], { info, profile, features, limits }: Device) {
  return { adapters, used: info, profile, features: [...features], limits };
}

function text({ adapters, used, profile, features, limits }: Report): string {
  const software = profile.kind === 'cpu' ? ', software on the CPU' : '';
  const f16 = features.includes('shader-f16') ? 'storage and arithmetic' : 'storage only';
  const lanes = profile.subgroupSize ? `${profile.subgroupSize} lanes` : 'yes, of varying size';
  const rows: [string, string | number][] = [
    ['reason', used.reason],
    ['vendor', `${used.vendor} ${used.architecture}`.trim()],
    ['f16', f16],
    ['subgroups', features.includes('subgroups') ? lanes : 'no'],
    ['timestamps', features.includes('timestamp-query') ? 'yes' : 'no'],
    ...Object.entries(limits),
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return [
    'Adapters of the installed drivers:',
    ...(adapters.length > 0 ? adapters : ['none']).map((name) => `  ${name}`),
    `Used: ${used.description || used.device || profile.name}${software}`,
    ...rows.map(
      ([name, value]) => `  ${name.padEnd(width)}${typeof value === 'number' ? value.toLocaleString('en-US') : value}`,
    ),
  ].join('\n');
}
