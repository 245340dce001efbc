using System.Numerics;
using System.Numerics.Tensors;
using System.Text;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Training.Data;

/// <summary>Every type and order of NumPy's arrays, beside plain loops.</summary>
[TestClass]
public sealed class NpyConversionTests
{
    [TestMethod]
    public void Every_pair_of_types_gives_or_refuses_what_a_checked_conversion_does()
    {
        using var folder = new TemporaryFolder();
        FromAll<float>();
        FromAll<double>();
        FromAll<Half>();
        FromAll<sbyte>();
        FromAll<byte>();
        FromAll<short>();
        FromAll<ushort>();
        FromAll<int>();
        FromAll<uint>();
        FromAll<long>();
        FromAll<ulong>();

        void FromAll<T>()
            where T : unmanaged, INumberBase<T>
        {
            Check<float, T>(0, 1, -1, 1e-40f, 1e30f, float.MaxValue, float.PositiveInfinity, float.NaN);
            Check<double, T>(0, 1, -1, 0.1, 1e300, -1e39, double.NegativeInfinity, double.NaN);
            Check<Half, T>((Half)0, (Half)1, (Half)(-2), Half.MaxValue, Half.PositiveInfinity);
            Check<sbyte, T>(0, 1, -1, sbyte.MinValue, sbyte.MaxValue);
            Check<byte, T>(0, 1, 128, byte.MaxValue);
            Check<short, T>(0, 1, -1, 128, 256, short.MinValue, short.MaxValue);
            Check<ushort, T>(0, 1, 128, 256, 32768, ushort.MaxValue);
            Check<int, T>(0, 1, -1, 65536, 70_000, int.MinValue, int.MaxValue);
            Check<uint, T>(0, 1, 128, uint.MaxValue);
            Check<long, T>(0, 1, -1, 1L << 32, long.MinValue, long.MaxValue);
            Check<ulong, T>(0, 1, 1UL << 63, ulong.MaxValue);
        }

        void Check<TStored, T>(params TStored[] values)
            where TStored : unmanaged, INumberBase<TStored>
            where T : unmanaged, INumberBase<T>
        {
            if (T.CreateTruncating(0.5) == T.Zero && TStored.CreateTruncating(0.5) != TStored.Zero) return;
            foreach (var value in values)
            {
                Npy.Write(folder.File("a.npy"), Tensor.Create([TStored.One, value], [2]));
                var expected = Expected<TStored, T>(value);
                var what = $"{value} as {typeof(T).Name}";
                if (expected is { } number) Assert.AreEqual(number, Npy.Read<T>(folder.File("a.npy"))[1], what);
                else Assert.Contains($"holds {value} at flat index 1", Refusal<T>(folder.File("a.npy"), what));
            }
        }
    }

    [TestMethod]
    public void Arrays_column_by_column_are_read_row_by_row_whatever_their_shape()
    {
        using var folder = new TemporaryFolder();
        foreach (var shape in new int[][]
        {
            [1, 5], [5, 1], [3, 7], [17, 33], [131, 700], [700, 3], [2, 300], [3, 1, 17], [1, 1, 4], [5, 3, 2], [7, 33, 65], [3, 4, 5, 6],
            [2, 3, 1, 2, 100], [0, 3],
        })
        {
            var count = shape.Aggregate(1, (product, length) => product * length);
            var header = $"'>i4', 'fortran_order': True, 'shape': ({string.Join(", ", shape)},)";
            var columns = Enumerable.Range(0, count).Select(i => i * 1001).ToArray();
            File.WriteAllBytes(folder.File("a.npy"), [.. Header(header), .. columns.SelectMany(value => BitConverter.GetBytes(value).Reverse())]);
            var expected = new int[count];
            for (var i = 0; i < count; i++)
            {
                // The place of the i-th element in the file, whose first index varies fastest.
                var (rest, place, stride) = (i, 0, 1);
                var index = new int[shape.Length];
                for (var axis = shape.Length - 1; axis >= 0; axis--) (rest, index[axis]) = Math.DivRem(rest, shape[axis]);
                for (var axis = 0; axis < shape.Length; axis++)
                {
                    place += index[axis] * stride;
                    stride *= shape[axis];
                }

                expected[i] = columns[place];
            }

            var what = string.Join(" x ", shape);
            CollectionAssert.AreEqual(expected, Flat(Npy.Read<int>(folder.File("a.npy"))), what);
            CollectionAssert.AreEqual(expected.Select(value => (double)value).ToArray(), Flat(Npy.Read<double>(folder.File("a.npy"))), what);
        }
    }

    [TestMethod]
    public void Numbers_in_the_byte_order_of_other_machines_are_turned()
    {
        using var folder = new TemporaryFolder();
        Turned("f2", Half.MaxValue, BitConverter.GetBytes);
        Turned("f4", 1.5f, BitConverter.GetBytes);
        Turned("f8", -1e300, BitConverter.GetBytes);
        Turned("i2", (short)-2, BitConverter.GetBytes);
        Turned("u2", (ushort)258, BitConverter.GetBytes);
        Turned("i4", -2, BitConverter.GetBytes);
        Turned("u4", 4_000_000_000, BitConverter.GetBytes);
        Turned("i8", long.MinValue + 1, BitConverter.GetBytes);
        Turned("u8", ulong.MaxValue - 1, BitConverter.GetBytes);

        void Turned<T>(string type, T value, Func<T, byte[]> bytes)
            where T : unmanaged, INumberBase<T>
        {
            const int Count = 40_003;
            byte[] turned = [.. bytes(value).Reverse()];
            byte[] elements = [.. Enumerable.Repeat(turned, Count).SelectMany(all => all)];
            File.WriteAllBytes(folder.File("a.npy"), [.. Header($"'>{type}', 'fortran_order': False, 'shape': ({Count},)"), .. elements]);
            Assert.IsTrue(Flat(Npy.Read<T>(folder.File("a.npy"))).All(element => element == value), type);
        }
    }

    /// <summary>The message of a refusal. A method of its own: the compiler caches a lambda of a generic local function for the first of its types.</summary>
    private static string Refusal<T>(string path, string what)
        where T : unmanaged, INumberBase<T> => Assert.ThrowsExactly<DataException>(() => Npy.Read<T>(path), what).Message;

    private static T? Expected<TStored, T>(TStored value)
        where TStored : unmanaged, INumberBase<TStored>
        where T : unmanaged, INumberBase<T>
    {
        try
        {
            var number = T.CreateChecked(value);
            return T.IsInfinity(number) && TStored.IsFinite(value) ? null : number;
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static byte[] Header(string entries)
    {
        var header = Encoding.ASCII.GetBytes("{'descr': " + entries + "}\n");
        return [0x93, .. "NUMPY"u8, 2, 0, (byte)header.Length, 0, 0, 0, .. header];
    }

    private static T[] Flat<T>(Tensor<T> tensor)
    {
        var result = new T[tensor.FlattenedLength];
        tensor.FlattenTo(result);
        return result;
    }
}
