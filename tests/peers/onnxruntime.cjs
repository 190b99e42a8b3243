// Runs ONNX files in ONNX Runtime for Node.
//
//   node onnxruntime.cjs NODE_MODULES ROWS WIDTH MODEL…
//
// ROWS holds float32 rows of WIDTH numbers. MODEL.out gets the probabilities of all rows
// at once; the first row alone must give the same but for rounding.
const fs = require("node:fs");
const path = require("node:path");

const [modules, rows, widthText, ...models] = process.argv.slice(2);
const ort = require(path.join(modules, "onnxruntime-node"));

function read(file) {
  const bytes = fs.readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

async function main() {
  const width = Number(widthText);
  const values = read(rows);
  for (const model of models) {
    const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3 });
    const run = async (x) =>
      (await session.run({ x: new ort.Tensor("float32", x, [x.length / width, width]) })).probabilities;
    const all = await run(values);
    const one = await run(values.slice(0, width));
    if (one.data.some((p, i) => Math.abs(p - all.data[i]) > 1e-6))
      throw new Error(`${model}: one row alone gives other probabilities than among all`);
    fs.writeFileSync(model + ".out", new Uint8Array(all.data.buffer, all.data.byteOffset, all.data.byteLength));
  }
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
