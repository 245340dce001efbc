using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace OnnxFunctional.Training.TensorBoardFiles;

/// <summary>Writes fields of a message in protobuf's wire format (https://protobuf.dev/programming-guides/encoding/).</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    public void Clear() => _bytes.ResetWrittenCount();

    public void Integer(int field, long value)
    {
        Variable((uint)field << 3);
        Variable((ulong)value);
    }

    public void Number(int field, double value)
    {
        Variable(((uint)field << 3) | 1);
        BinaryPrimitives.WriteDoubleLittleEndian(_bytes.GetSpan(sizeof(double)), value);
        _bytes.Advance(sizeof(double));
    }

    public void Number(int field, float value)
    {
        Variable(((uint)field << 3) | 5);
        BinaryPrimitives.WriteSingleLittleEndian(_bytes.GetSpan(sizeof(float)), value);
        _bytes.Advance(sizeof(float));
    }

    public void Text(int field, string value) => Message(field, Encoding.UTF8.GetBytes(value));

    public void Message(int field, WireWriter message) => Message(field, message.Written);

    public void Message(int field, ReadOnlySpan<byte> bytes)
    {
        Variable(((uint)field << 3) | 2);
        Variable((uint)bytes.Length);
        _bytes.Write(bytes);
    }

    /// <summary>A packed field of repeated values.</summary>
    public void Numbers(int field, ReadOnlySpan<double> values)
    {
        Variable(((uint)field << 3) | 2);
        Variable((uint)(values.Length * sizeof(double)));
        foreach (var value in values)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(_bytes.GetSpan(sizeof(double)), value);
            _bytes.Advance(sizeof(double));
        }
    }

    private void Variable(ulong value)
    {
        for (; value >= 0x80; value >>= 7) Byte((byte)(value | 0x80));
        Byte((byte)value);
    }

    private void Byte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }
}
