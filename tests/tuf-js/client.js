// npm's tuf-js as a program: a TUF client that shares no line with Fota judges the repositories that fota-signer writes.
//   node client.js --metadata-url URL --target-url URL --directory DIR --root FILE [--now TIME] [TARGET...]
// Refreshes, then downloads each TARGET into DIR/targets. DIR keeps the trusted metadata from run to run; FILE is the root of the first.
// Prints one JSON object; exit code 0 if all was accepted, 1 if anything was refused, 2 for wrong usage.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { values, positionals } = parseArgs({
  options: {
    'metadata-url': { type: 'string' },
    'target-url': { type: 'string' },
    directory: { type: 'string' },
    root: { type: 'string' },
    now: { type: 'string' },
  },
  allowPositionals: true,
});

for (const name of ['metadata-url', 'target-url', 'directory', 'root']) {
  if (!values[name]) {
    console.error(`client.js: --${name}: wanted it, got none`);
    process.exit(2);
  }
}

if (values.now) {
  // tuf-js asks the clock once, by "new Date()".
  const now = new Date(values.now).getTime();
  global.Date = class extends Date {
    constructor(...given) {
      super(...(given.length === 0 ? [now] : given));
    }
  };
}

const { Updater } = require('tuf-js');

async function run() {
  const metadataDir = path.join(values.directory, 'metadata');
  const targetDir = path.join(values.directory, 'targets');
  fs.mkdirSync(metadataDir, { recursive: true });
  fs.mkdirSync(targetDir, { recursive: true });
  const root = path.join(metadataDir, 'root.json');
  if (!fs.existsSync(root)) {
    fs.copyFileSync(values.root, root);
  }

  const updater = new Updater({
    metadataDir,
    metadataBaseUrl: values['metadata-url'],
    targetDir,
    targetBaseUrl: values['target-url'],
    config: { fetchRetry: 0, fetchTimeout: 10000 },
  });
  await updater.refresh();
  const downloaded = {};
  for (const target of positionals) {
    const info = await updater.getTargetInfo(target);
    if (!info) {
      throw Object.assign(new Error(`no target ${target}`), { name: 'TargetNotFound' });
    }

    downloaded[target] = await updater.downloadTarget(info, path.join(targetDir, target.replaceAll('/', '_')));
  }

  const versions = {};
  for (const file of fs.readdirSync(metadataDir)) {
    versions[file] = JSON.parse(fs.readFileSync(path.join(metadataDir, file), 'utf8')).signed.version;
  }

  return { versions, downloaded };
}

run().then(
  (result) => console.log(JSON.stringify(result)),
  (error) => {
    console.log(JSON.stringify({ error: error.name === 'Error' ? error.constructor.name : error.name, message: error.message }));
    process.exitCode = 1;
  },
);
