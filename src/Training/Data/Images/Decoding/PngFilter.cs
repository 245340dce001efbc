using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace OnnxFunctional.Training.Data;

/// <summary>Undoes the filters of a PNG's rows: https://www.w3.org/TR/png-3/#9Filter-types.</summary>
internal static class PngFilter
{
    /// <summary>The bytes that may be read behind a row.</summary>
    public const int Padding = 4;

    /// <summary>Undoes the filter of a row in place.</summary>
    /// <param name="kind">The filter.</param>
    /// <param name="row">The row, and at least <see cref="Padding"/> bytes.</param>
    /// <param name="above">The row above, undone already, or zeros; and at least <see cref="Padding"/> bytes.</param>
    /// <param name="length">The bytes of the row.</param>
    /// <param name="step">The bytes of a pixel.</param>
    /// <exception cref="InvalidDataException">There is no such filter.</exception>
    public static void Undo(byte kind, Span<byte> row, ReadOnlySpan<byte> above, int length, int step)
    {
        switch (kind)
        {
            case 0:
                return;
            case 1:
                Along<Left>(row, above, length, step);
                return;
            case 2:
                Above(row, above, length);
                return;
            case 3:
                Along<Average>(row, above, length, step);
                return;
            case 4:
                Along<Paeth>(row, above, length, step);
                return;
            default:
                throw new InvalidDataException("a row of its pixels has an unknown filter");
        }
    }

    private static void Above(Span<byte> row, ReadOnlySpan<byte> above, int length)
    {
        var i = 0;
        for (; i + Vector128<byte>.Count <= length; i += Vector128<byte>.Count)
            (Vector128.Create((ReadOnlySpan<byte>)row[i..]) + Vector128.Create(above[i..])).CopyTo(row[i..]);
        for (; i < length; i++) row[i] += above[i];
    }

    /// <summary>Pixel after pixel, because each needs the one before: the samples of a pixel are the lanes of a vector.</summary>
    private static void Along<T>(Span<byte> row, ReadOnlySpan<byte> above, int length, int step)
        where T : struct, IPrediction
    {
        if (step is not (3 or 4))
        {
            for (var i = 0; i < length; i++)
            {
                var (left, aboveLeft) = i < step ? (0, 0) : (row[i - step], above[i - step]);
                row[i] += (byte)T.Of(One(left), One(above[i]), One(aboveLeft)).ToScalar();
            }

            return;
        }

        var (a, c) = (Vector128<short>.Zero, Vector128<short>.Zero);
        for (var i = 0; i < length; i += step)
        {
            var b = Pixel(above[i..]);
            a = (Pixel(row[i..]) + T.Of(a, b, c)) & Vector128.Create((short)255);
            c = b;
            var bytes = Vector128.Narrow(a.AsUInt16(), a.AsUInt16()).AsUInt32().ToScalar();
            if (step == 4)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(row[i..], bytes);
                continue;
            }

            BinaryPrimitives.WriteUInt16LittleEndian(row[i..], (ushort)bytes);
            row[i + 2] = (byte)(bytes >> 16);
        }
    }

    private static Vector128<short> One(int sample) => Vector128.CreateScalar((short)sample);

    private static Vector128<short> Pixel(ReadOnlySpan<byte> bytes) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(BinaryPrimitives.ReadUInt32LittleEndian(bytes)).AsByte()).AsInt16();

    /// <summary>What a filter expects of a sample from those to the left, above, and above to the left.</summary>
    private interface IPrediction
    {
        static abstract Vector128<short> Of(Vector128<short> left, Vector128<short> above, Vector128<short> aboveLeft);
    }

    private readonly struct Left : IPrediction
    {
        public static Vector128<short> Of(Vector128<short> left, Vector128<short> above, Vector128<short> aboveLeft) => left;
    }

    private readonly struct Average : IPrediction
    {
        public static Vector128<short> Of(Vector128<short> left, Vector128<short> above, Vector128<short> aboveLeft) => (left + above) >> 1;
    }

    private readonly struct Paeth : IPrediction
    {
        public static Vector128<short> Of(Vector128<short> left, Vector128<short> above, Vector128<short> aboveLeft)
        {
            var (toLeft, toAbove) = (above - aboveLeft, left - aboveLeft);
            var (farLeft, farAbove, farBoth) = (Vector128.Abs(toLeft), Vector128.Abs(toAbove), Vector128.Abs(toLeft + toAbove));
            var other = Vector128.ConditionalSelect(Vector128.LessThanOrEqual(farAbove, farBoth), above, aboveLeft);
            return Vector128.ConditionalSelect(Vector128.LessThanOrEqual(farLeft, Vector128.Min(farAbove, farBoth)), left, other);
        }
    }
}
