namespace OnnxFunctional.Training.Simd;

/// <summary>Gathers a row of an input of any type and stride as 32-bit lanes.</summary>
internal static unsafe class ElementwiseGather
{
    private interface IReader
    {
        static abstract float Read(byte* source, long index);
    }

    /// <summary><c>destination[i] = source[offset + i * stride]</c>, as a float or a mask.</summary>
    public static void Row(ElementwiseType type, byte* source, long offset, long stride, float* destination, int count)
    {
        switch (type)
        {
            case ElementwiseType.Float32:
                if (stride == 1 && count >= 8) Buffer.MemoryCopy((float*)source + offset, destination, count * 4L, count * 4L);
                else Row<FloatReader>(source, offset, stride, destination, count);
                return;
            case ElementwiseType.Bool:
                Row<BoolReader>(source, offset, stride, destination, count);
                return;
            case ElementwiseType.Int32:
                Row<Int32Reader>(source, offset, stride, destination, count);
                return;
            case ElementwiseType.Float16:
                Row<HalfReader>(source, offset, stride, destination, count);
                return;
            case ElementwiseType.BFloat16:
                Row<BFloat16Reader>(source, offset, stride, destination, count);
                return;
            case ElementwiseType.Int8:
                Row<Int8Reader>(source, offset, stride, destination, count);
                return;
            case ElementwiseType.UInt8:
                Row<UInt8Reader>(source, offset, stride, destination, count);
                return;
            default:
                Row<Int64Reader>(source, offset, stride, destination, count);
                return;
        }
    }

    private static void Row<TReader>(byte* source, long offset, long stride, float* destination, int count) where TReader : struct, IReader
    {
        if (stride == 0)
        {
            new Span<float>(destination, count).Fill(TReader.Read(source, offset));
            return;
        }

        for (var i = 0; i < count; i++) destination[i] = TReader.Read(source, offset + (i * stride));
    }

    private readonly struct FloatReader : IReader
    {
        public static float Read(byte* source, long index) => ((float*)source)[index];
    }

    private readonly struct BoolReader : IReader
    {
        public static float Read(byte* source, long index) => BitConverter.Int32BitsToSingle(source[index] != 0 ? -1 : 0);
    }

    private readonly struct Int32Reader : IReader
    {
        public static float Read(byte* source, long index) => ((int*)source)[index];
    }

    private readonly struct HalfReader : IReader
    {
        public static float Read(byte* source, long index) => (float)((Half*)source)[index];
    }

    private readonly struct BFloat16Reader : IReader
    {
        public static float Read(byte* source, long index) => BitConverter.Int32BitsToSingle(((ushort*)source)[index] << 16);
    }

    private readonly struct Int8Reader : IReader
    {
        public static float Read(byte* source, long index) => ((sbyte*)source)[index];
    }

    private readonly struct UInt8Reader : IReader
    {
        public static float Read(byte* source, long index) => source[index];
    }

    private readonly struct Int64Reader : IReader
    {
        public static float Read(byte* source, long index) => ((long*)source)[index];
    }
}
