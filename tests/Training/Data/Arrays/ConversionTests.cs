using System.Numerics.Tensors;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Data;

/// <summary>What people hold becomes data, without a word of conversion.</summary>
[TestClass]
public sealed class ConversionTests
{
    [TestMethod]
    public void Arrays_of_rank_1_to_5_convert()
    {
        Is(new float[] { 1, 2 }, DType.Float32, [2], 1, 2);
        Is(new double[] { 1, 2 }, DType.Float32, [2], 1, 2);
        Is(new int[] { 1, 2 }, DType.Int32, [2], 1, 2);
        Is(new long[] { 1, 2 }, DType.Int64, [2], 1, 2);
        Is(new byte[] { 1, 255 }, DType.Int32, [2], 1, 255);
        Is(new[] { true, false }, DType.Bool, [2], 1, 0);
        Is(new float[,] { { 1, 2 }, { 3, 4 } }, DType.Float32, [2, 2], 1, 2, 3, 4);
        Is(new double[,] { { 1, 2 }, { 3, 4 } }, DType.Float32, [2, 2], 1, 2, 3, 4);
        Is(new int[,] { { 1, 2 }, { 3, 4 } }, DType.Int32, [2, 2], 1, 2, 3, 4);
        Is(new long[,] { { 1, 2 }, { 3, 4 } }, DType.Int64, [2, 2], 1, 2, 3, 4);
        Is(new byte[,] { { 1, 2 }, { 3, 4 } }, DType.Int32, [2, 2], 1, 2, 3, 4);
        Is(new bool[,] { { true, false } }, DType.Bool, [1, 2], 1, 0);
        Is(new float[,,] { { { 1, 2 } } }, DType.Float32, [1, 1, 2], 1, 2);
        Is(new double[,,] { { { 1, 2 } } }, DType.Float32, [1, 1, 2], 1, 2);
        Is(new int[,,] { { { 1, 2 } } }, DType.Int32, [1, 1, 2], 1, 2);
        Is(new long[,,] { { { 1, 2 } } }, DType.Int64, [1, 1, 2], 1, 2);
        Is(new byte[,,] { { { 1, 2 } } }, DType.Int32, [1, 1, 2], 1, 2);
        Is(new bool[,,] { { { true, false } } }, DType.Bool, [1, 1, 2], 1, 0);
        Is(new float[,,,] { { { { 1 }, { 2 } } } }, DType.Float32, [1, 1, 2, 1], 1, 2);
        Is(new double[,,,] { { { { 1 }, { 2 } } } }, DType.Float32, [1, 1, 2, 1], 1, 2);
        Is(new int[,,,] { { { { 1 }, { 2 } } } }, DType.Int32, [1, 1, 2, 1], 1, 2);
        Is(new long[,,,] { { { { 1 }, { 2 } } } }, DType.Int64, [1, 1, 2, 1], 1, 2);
        Is(new byte[,,,] { { { { 1 }, { 2 } } } }, DType.Int32, [1, 1, 2, 1], 1, 2);
        Is(new bool[,,,] { { { { true }, { false } } } }, DType.Bool, [1, 1, 2, 1], 1, 0);
        Is(new float[,,,,] { { { { { 1 }, { 2 } } } } }, DType.Float32, [1, 1, 1, 2, 1], 1, 2);
        Is(new double[,,,,] { { { { { 1 }, { 2 } } } } }, DType.Float32, [1, 1, 1, 2, 1], 1, 2);
        Is(new int[,,,,] { { { { { 1 }, { 2 } } } } }, DType.Int32, [1, 1, 1, 2, 1], 1, 2);
        Is(new long[,,,,] { { { { { 1 }, { 2 } } } } }, DType.Int64, [1, 1, 1, 2, 1], 1, 2);
        Is(new byte[,,,,] { { { { { 1 }, { 2 } } } } }, DType.Int32, [1, 1, 1, 2, 1], 1, 2);
        Is(new bool[,,,,] { { { { { true }, { false } } } } }, DType.Bool, [1, 1, 1, 2, 1], 1, 0);
    }

    [TestMethod]
    public void Arrays_and_lists_of_rows_convert()
    {
        Is(new float[][] { [1, 2], [3, 4] }, DType.Float32, [2, 2], 1, 2, 3, 4);
        Is(new double[][] { [1, 2], [3, 4] }, DType.Float32, [2, 2], 1, 2, 3, 4);
        Is(new int[][] { [1, 2], [3, 4] }, DType.Int32, [2, 2], 1, 2, 3, 4);
        Is(new long[][] { [1, 2], [3, 4] }, DType.Int64, [2, 2], 1, 2, 3, 4);
        Is(new byte[][] { [1, 2], [3, 4] }, DType.Int32, [2, 2], 1, 2, 3, 4);
        Is(new bool[][] { [true, false] }, DType.Bool, [1, 2], 1, 0);
        Is(new float[][][] { [[1], [2]], [[3], [4]] }, DType.Float32, [2, 2, 1], 1, 2, 3, 4);
        Is(new double[][][] { [[1], [2]], [[3], [4]] }, DType.Float32, [2, 2, 1], 1, 2, 3, 4);
        Is(new List<float> { 1, 2 }, DType.Float32, [2], 1, 2);
        Is(new List<double> { 1, 2 }, DType.Float32, [2], 1, 2);
        Is(new List<int> { 1, 2 }, DType.Int32, [2], 1, 2);
        Is(new List<long> { 1, 2 }, DType.Int64, [2], 1, 2);
        Is(new List<bool> { true, false }, DType.Bool, [2], 1, 0);
        Is(new List<float[]> { new float[] { 1, 2 }, new float[] { 3, 4 } }, DType.Float32, [2, 2], 1, 2, 3, 4);
        Is(new List<double[]> { new double[] { 1, 2 }, new double[] { 3, 4 } }, DType.Float32, [2, 2], 1, 2, 3, 4);
        Is(new List<int[]> { new[] { 1, 2 } }, DType.Int32, [1, 2], 1, 2);
        Is(new List<long[]> { new[] { 1L, 2 } }, DType.Int64, [1, 2], 1, 2);
        Is(new List<byte[]> { new byte[] { 1, 2 } }, DType.Int32, [1, 2], 1, 2);
    }

    /// <summary>C# applies one conversion, so what converts to an array must convert to a list of arrays too.</summary>
    [TestMethod]
    public void A_list_of_arrays_takes_what_an_array_takes()
    {
        var own = new[] { typeof(NDArray), typeof(NDArray[]), typeof(Dictionary<string, NDArray>) };
        CollectionAssert.AreEquivalent(Sources(typeof(NDArray)), Sources(typeof(NDArrays)).Except(own).ToArray());

        static Type[] Sources(Type target) =>
            [.. target.GetMethods().Where(method => method.Name == "op_Implicit" && method.ReturnType == target).Select(Source)];

        static Type Source(System.Reflection.MethodInfo conversion) => conversion.GetParameters()[0].ParameterType;
    }

    [TestMethod]
    public void Tensors_and_views_of_memory_convert()
    {
        Is(Tensor.Create([1f, 2], [1, 2]), DType.Float32, [1, 2], 1, 2);
        Is(Tensor.Create([1.0, 2], [1, 2]), DType.Float32, [1, 2], 1, 2);
        Is(Tensor.Create([1, 2], [1, 2]), DType.Int32, [1, 2], 1, 2);
        Is(Tensor.Create([1L, 2], [1, 2]), DType.Int64, [1, 2], 1, 2);
        Is(Tensor.Create(new byte[] { 1, 2 }, [1, 2]), DType.Int32, [1, 2], 1, 2);
        Is(Tensor.Create([true, false], [1, 2]), DType.Bool, [1, 2], 1, 0);
        Is(Tensor.Create([1f, 2], [1, 2]).AsReadOnlyTensorSpan(), DType.Float32, [1, 2], 1, 2);
        Is(Tensor.Create([1.0, 2], [1, 2]).AsReadOnlyTensorSpan(), DType.Float32, [1, 2], 1, 2);
        Is(Tensor.Create([1, 2], [1, 2]).AsReadOnlyTensorSpan(), DType.Int32, [1, 2], 1, 2);
        Is(Tensor.Create([1L, 2], [1, 2]).AsReadOnlyTensorSpan(), DType.Int64, [1, 2], 1, 2);
        Is(Tensor.Create(new byte[] { 1, 2 }, [1, 2]).AsReadOnlyTensorSpan(), DType.Int32, [1, 2], 1, 2);
        Is(Tensor.Create([true, false], [1, 2]).AsReadOnlyTensorSpan(), DType.Bool, [1, 2], 1, 0);

        // Part of a tensor is not one piece of memory.
        var part = Tensor.Create([.. Enumerable.Range(0, 12).Select(i => (double)i)], [3, 4]).Slice(1..3, 1..3);
        Is(part, DType.Float32, [2, 2], 5, 6, 9, 10);
        Is(part.AsReadOnlyTensorSpan(), DType.Float32, [2, 2], 5, 6, 9, 10);
    }

    [TestMethod]
    public void From_takes_all_sequences()
    {
        Is(NDArray.From(Enumerable.Range(1, 2).Select(i => (float)i)), DType.Float32, [2], 1, 2);
        Is(NDArray.From(Enumerable.Range(1, 2).Select(i => (double)i)), DType.Float32, [2], 1, 2);
        Is(NDArray.From(Enumerable.Range(1, 2)), DType.Int32, [2], 1, 2);
        Is(NDArray.From([1f, 2]), DType.Float32, [2], 1, 2);
        Is(NDArray.From(new HashSet<long> { 1, 2 }), DType.Int64, [2], 1, 2);
        Is(NDArray.From(Enumerable.Range(1, 2).Select(i => new double[] { i, -i })), DType.Float32, [2, 2], 1, -1, 2, -2);
        Is(NDArray.From(Enumerable.Range(1, 2).Select(i => new List<int> { i, -i })), DType.Int32, [2, 2], 1, -1, 2, -2);
        Is(NDArray.From(Enumerable.Range(1, 2).Select(i => new float[,] { { i }, { -i } })), DType.Float32, [2, 2, 1], 1, -1, 2, -2);
        Is(NDArray.From(Enumerable.Range(1, 2).Select(i => Tensor.Create([(float)i, -i], [2]))), DType.Float32, [2, 2], 1, -1, 2, -2);
        Is(NDArray.From(Enumerable.Range(1, 2).Select(i => (NDArray)new float[] { i, -i })), DType.Float32, [2, 2], 1, -1, 2, -2);
        Is(NDArray.From(new float[][,] { new float[,] { { 1, 2 } }, new float[,] { { 3, 4 } } }), DType.Float32, [2, 1, 2], 1, 2, 3, 4);
        Is(NDArray.From((Array)new double[,] { { 1, 2 } }), DType.Float32, [1, 2], 1, 2);
        Is(NDArray.From(new decimal[] { 1, 2.5m }), DType.Float32, [2], 1, 2.5f);
        Is(NDArray.From(new[] { (Half)1, (Half)2.5f }), DType.Float32, [2], 1, 2.5f);
        Is(NDArray.From(new short[,] { { -1, 2 } }), DType.Int32, [1, 2], -1, 2);
        Is(NDArray.From(new ushort[] { 65535 }), DType.Int32, [1], 65535);
        Is(NDArray.From(new sbyte[] { -1 }), DType.Int32, [1], -1);
        Is(NDArray.From(new uint[] { 4294967295 }), DType.Int64, [1], 4294967295f);
        Is(NDArray.From(new object[] { 1f, 2f }), DType.Float32, [2], 1, 2);
        Is(NDArray.From(Array.Empty<float[]>()), DType.Float32, [0, 0]);
        Is(NDArray.Create([1.0, 2, 3, 4], [2, 2]), DType.Float32, [2, 2], 1, 2, 3, 4);
        Is(NDArray.Create(new byte[] { 1, 2, 3, 4 }, [2, 2]), DType.Int32, [2, 2], 1, 2, 3, 4);
    }

    [TestMethod]
    public void What_does_not_convert_is_refused_with_its_place()
    {
        Said("[2] has shape (1,), but [0] has (2,)", () => (NDArray)new float[][] { [1, 2], [3, 4], [5] });
        Said("[1][1] has shape (1,), but [1][0] has (2,)", () => (NDArray)new double[][][] { [[1, 2], [3, 4]], [[1, 2], [3]] });
        Said("Sample [1] of the data is null", () => (NDArray)new float[][] { [1], null! });
        Said("1E+300 at [1, 0], beyond float32", () => (NDArray)new double[,] { { 1 }, { 1e300 } });
        Said("at [0, 1, 0], beyond", () => NDArray.Create([0, 0, -1e39, 0], [1, 2, 2]));
        Said("TextVectorization", () => NDArray.From(new[] { 'a', 'b' }));
        Said("no text at [1], but null", () => (NDArray)new[] { "a", null! });
        Said("DateTime", () => NDArray.From(new[] { DateTime.MinValue }));
        Said("[1] is int32", () => NDArray.From(new object[] { 1f, 2 }));
        Said("but 4 were given", () => NDArray.Create([1.0, 2, 3, 4], [3, 2]));
        Assert.Throws<ArgumentNullException>(() => (NDArray)(double[,])null!);
        Assert.Throws<ArgumentNullException>(() => (NDArrays)(List<float>)null!);
    }

    [TestMethod]
    public void Doubles_are_rounded_to_float32_and_keep_what_is_not_finite()
    {
        NDArray values = new[] { 0.1, 1e-300, double.NaN, double.PositiveInfinity, double.NegativeInfinity, float.MaxValue, -0.0 };
        float[] expected = [0.1f, 0, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, -0f];
        CollectionAssert.AreEqual(expected, values.ToArray());
    }

    [TestMethod]
    public void Bytes_are_widened_where_they_are_read()
    {
        byte[,] pixels = { { 0, 1 }, { 200, 255 }, { 3, 4 } };
        NDArray array = pixels;
        foreach (var type in new[] { DType.Float32, DType.Int32, DType.Int64 })
        {
            var converted = array.To(type, "x");
            Is(converted, type, [3, 2], 0, 1, 200, 255, 3, 4);
            Is(converted.Take([2, 0]), type, [2, 2], 3, 4, 0, 1);
            Is(NDArray.Concatenate([converted, converted.Take([1])]), type, [4, 2], 0, 1, 200, 255, 3, 4, 200, 255);
            Is(NDArray.Concatenate([converted, NDArray.Zeros([1, 2], type)]), type, [4, 2], 0, 1, 200, 255, 3, 4, 0, 0);
            Is(converted.WithSteps(3, 7, padFront: false), type, [3, 3], 0, 1, 7, 200, 255, 7, 3, 4, 7);
            var bytes = new byte[2 * type.Size()];
            converted.CopyTo(bytes, 1, 1);
            CollectionAssert.AreEqual(converted.Bytes[bytes.Length..(2 * bytes.Length)].ToArray(), bytes);
        }

        Is(array.To(DType.Bool, "x"), DType.Bool, [3, 2], 0, 1, 1, 1, 1, 1);
    }

    private static void Is(NDArrays data, DType type, Shape shape, params float[] values)
    {
        Assert.HasCount(1, data);
        Is(data[0], type, shape, values);
    }

    private static void Is(NDArray data, DType type, Shape shape, params float[] values)
    {
        Assert.AreEqual(type, data.DType);
        Assert.AreEqual(shape, data.Shape);
        CollectionAssert.AreEqual(values, data.ToArray());
    }

    private static void Said(string words, Func<NDArray> make) => Assert.Contains(words, Assert.Throws<ModelException>(make).Message);
}
