// NumPy's .npz: a zip of .npy files, here stored as they are. `OnnxTrainer.Restore` in C# and `numpy.load` read it.

// The earliest date a zip can hold, as NumPy writes: equal states give equal bytes.
const FIRST_DAY = 0x0021;

/**
 * Writes named float32 arrays.
 * @param {{name: string, shape: number[], values: Float32Array}[]} arrays
 * @returns {Uint8Array} The file.
 */
export function writeNpz(arrays) {
  const [parts, directory] = [[], []];
  let offset = 0;
  for (const { name, shape, values } of arrays) {
    const path = new TextEncoder().encode(`${name}.npy`);
    const content = npy(shape, values);
    const facts = fileFacts(content, path.length);
    const local = [littleEndian(4, 0x04034b50), facts, path, content];
    // Made by version 20; no comment, first disk, no attributes; where the local header is.
    directory.push(littleEndian(4, 0x02014b50), littleEndian(2, 20), facts, new Uint8Array(10), littleEndian(4, offset), path);
    parts.push(...local);
    offset += lengthOf(local);
  }

  const size = lengthOf(directory);
  const end = [littleEndian(4, 0x06054b50), new Uint8Array(4), littleEndian(2, arrays.length), littleEndian(2, arrays.length), littleEndian(4, size), littleEndian(4, offset), new Uint8Array(2)];
  return join([...parts, ...directory, ...end]);
}

/** What local header and directory have in common: version 20, names in UTF-8, stored, time, checksum, both sizes, lengths of name and extra field. */
function fileFacts(content, nameLength) {
  return join([
    littleEndian(2, 20), littleEndian(2, 0x0800), littleEndian(2, 0), littleEndian(2, 0), littleEndian(2, FIRST_DAY),
    littleEndian(4, crc32(content)), littleEndian(4, content.length), littleEndian(4, content.length), littleEndian(2, nameLength), littleEndian(2, 0),
  ]);
}

/** Magic, version 1.0, length of the header, header padded so that the values begin at a multiple of 64, values. */
function npy(shape, values) {
  // As in C#, which has no tensors without dimensions.
  const dimensions = shape.length === 0 ? [1] : shape;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dimensions.join(', ')}${dimensions.length === 1 ? ',' : ''}), }`;
  const padded = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11) + '\n';
  const numbers = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, i) => numbers.setFloat32(4 * i, value, true));
  return join([Uint8Array.of(0x93), new TextEncoder().encode('NUMPY'), Uint8Array.of(1, 0), littleEndian(2, padded.length), new TextEncoder().encode(padded), new Uint8Array(numbers.buffer)]);
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function littleEndian(size, value) {
  return Uint8Array.from({ length: size }, (_, i) => value >>> (8 * i));
}

function lengthOf(parts) {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function join(parts) {
  const joined = new Uint8Array(lengthOf(parts));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }

  return joined;
}
