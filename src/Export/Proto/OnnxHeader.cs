using System.Globalization;
using Google.Protobuf;

namespace OnnxFunctional.Export.Proto;

/// <summary>
/// An ONNX file without the bytes of its large tensors: these refer to their places in the file, as external data, so that ONNX Runtime maps them into memory
/// instead of copying them.
/// </summary>
/// <remarks>Metadata and the state of training are left out. The file is one that we wrote or that passed the guard.</remarks>
internal sealed class OnnxHeader
{
    // Fields of ModelProto, GraphProto and TensorProto.
    private const int Graph = 7, Metadata = 14, TrainingInfo = 20, Initializer = 5, RawData = 9;

    // What shapes and axes need stays inside: ONNX Runtime infers shapes from it.
    private const long SmallestOutside = 4096;

    private readonly FileStream _file;
    private readonly string _location;

    private OnnxHeader(FileStream file) => (_file, _location) = (file, Path.GetFileName(file.Name));

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidProtocolBufferException">It is not an ONNX file.</exception>
    /// <exception cref="IOException">It cannot be read, or ends too early.</exception>
    public static ModelProto Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var kept = new MemoryStream();
        new OnnxHeader(file).Message(kept, file.Length, Graph);
        return ModelProto.Parser.ParseFrom(kept.GetBuffer().AsSpan(0, (int)kept.Length));
    }

    /// <summary>Copies a message; <paramref name="inner"/> is the field that leads to large tensors.</summary>
    private void Message(MemoryStream to, long end, int inner)
    {
        while (_file.Position < end)
        {
            var tag = Varint();
            if ((tag & 7) is not 2)
            {
                Put(to, tag);
                Scalar(to, (int)(tag & 7));
                continue;
            }

            var (field, length) = ((int)(tag >> 3), checked((long)Varint()));
            var next = _file.Position + length;
            if (inner == RawData && field == RawData && length >= SmallestOutside)
            {
                Outside(to, length);
                _file.Position = next;
            }
            else if (inner != RawData && field == inner)
            {
                using var part = new MemoryStream();
                Message(part, next, inner == Graph ? Initializer : RawData);
                Put(to, tag);
                Put(to, (ulong)part.Length);
                part.WriteTo(to);
            }
            else if (inner == Graph && field is (Metadata or TrainingInfo))
            {
                _file.Position = next;
            }
            else
            {
                Put(to, tag);
                Put(to, (ulong)length);
                Copy(to, length);
            }
        }
    }

    /// <summary>The place of the current position, as fields of a tensor.</summary>
    private void Outside(MemoryStream to, long length) => External(new TensorProto(), _location, _file.Position, length).WriteTo(to);

    /// <summary>Notes that a tensor's bytes lie in another file.</summary>
    public static TensorProto External(TensorProto tensor, string location, long offset, long length)
    {
        tensor.ClearRawData();
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add("location", location);
        tensor.ExternalData.Add("offset", offset.ToString(CultureInfo.InvariantCulture));
        tensor.ExternalData.Add("length", length.ToString(CultureInfo.InvariantCulture));
        return tensor;
    }

    private void Copy(MemoryStream to, long length)
    {
        var buffer = new byte[Math.Min(length, 1 << 16)];
        for (var left = length; left > 0;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            _file.ReadExactly(part);
            to.Write(part);
            left -= part.Length;
        }
    }

    private void Scalar(MemoryStream to, int wireType)
    {
        if (wireType == 0) Put(to, Varint());
        else Copy(to, wireType == 1 ? sizeof(ulong) : wireType == 5 ? sizeof(uint) : throw new InvalidDataException("A wire type that ONNX does not use."));
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = _file.ReadByte();
            if (next < 0) throw new EndOfStreamException();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw new InvalidDataException("A number of more than ten bytes.");
    }

    private static void Put(MemoryStream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7) to.WriteByte((byte)(value | 0x80));
        to.WriteByte((byte)value);
    }
}
