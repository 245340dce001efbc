using System.Numerics.Tensors;
using OnnxFunctional.Layers;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Data;

/// <summary>Predictions are read by indices, as .NET arrays, as tensors and as text.</summary>
[TestClass]
public sealed class NDArrayReadingTests
{
    [TestMethod]
    public void A_prediction_is_read_in_every_form()
    {
        var input = Model.Input([3]);
        var p = new Model(input, new Dense(2, Activation.Softmax).Call(input)).Predict(new double[,] { { 1, 2, 3 }, { -1, 0, 1 } });
        Tensor<float> tensor = p;
        var table = (float[,])p;
        var wide = (double[,])p;
        CollectionAssert.AreEqual(new nint[] { 2, 2 }, tensor.Lengths.ToArray());
        for (var i = 0; i < 2; i++)
        {
            for (var j = 0; j < 2; j++)
            {
                Assert.AreEqual(tensor[i, j], p[i, j]);
                Assert.AreEqual(tensor[i, j], table[i, j]);
                Assert.AreEqual(tensor[i, j], (float)wide[i, j]);
            }

            Assert.AreEqual(1, p[i, 0] + p[i, 1], 1e-6f);
        }

        CollectionAssert.AreEqual(new[] { p[0, 0], p[0, 1], p[1, 0], p[1, 1] }, p.ToArray());
        Assert.AreEqual(2, p.Count);
    }

    [TestMethod]
    public void Arrays_of_each_rank_come_out_as_they_went_in()
    {
        NDArray a1 = new float[] { 1, 2 }, a2 = new float[,] { { 1 }, { 2 } }, a3 = new float[,,] { { { 1, 2 }, { 3, 4 } } };
        NDArray a4 = new float[,,,] { { { { 1, 2 }, { 3, 4 } } } }, a5 = new float[,,,,] { { { { { 1, 2 }, { 3, 4 } } } } };
        Same(new float[] { 1, 2 }, (float[])a1);
        Same(new double[] { 1, 2 }, (double[])a1);
        Same(new float[,] { { 1 }, { 2 } }, (float[,])a2);
        Same(new float[,,] { { { 1, 2 }, { 3, 4 } } }, (float[,,])a3);
        Same(new double[,,] { { { 1, 2 }, { 3, 4 } } }, (double[,,])a3);
        Same(new float[,,,] { { { { 1, 2 }, { 3, 4 } } } }, (float[,,,])a4);
        Same(new double[,,,] { { { { 1, 2 }, { 3, 4 } } } }, (double[,,,])a4);
        Same(new float[,,,,] { { { { { 1, 2 }, { 3, 4 } } } } }, (float[,,,,])a5);
        Same(new double[,,,,] { { { { { 1, 2 }, { 3, 4 } } } } }, (double[,,,,])a5);
        Same(new int[] { 1, 2 }, (int[])a1);
        Same(new long[] { 1, 2 }, (long[])a1);
        Same(new int[,] { { 1 }, { 2 } }, (int[,])a2);
        Same(new long[,] { { 1 }, { 2 } }, (long[,])a2);

        // One unit gives a column, which is usually read as a list.
        Same(new float[] { 1, 2 }, (float[])a2);
        NDArray whole = new[] { 1L << 53, -1 }, bytes = new byte[,] { { 1, 255 } };
        Same(new[] { 1L << 53, -1 }, (long[])whole);
        Same(new double[] { 1L << 53, -1 }, (double[])whole);
        Same(new float[,] { { 1, 255 } }, (float[,])bytes);
        Same(new double[,] { { 1, 255 } }, (double[,])bytes);
        Assert.AreEqual(3, (float)(NDArray)new[] { 3 });
        Assert.AreEqual(0.5, (double)(NDArray)new float[,] { { 0.5f } });

        static void Same(Array expected, Array actual)
        {
            Assert.AreEqual(expected.GetType(), actual.GetType());
            for (var axis = 0; axis < expected.Rank; axis++) Assert.AreEqual(expected.GetLength(axis), actual.GetLength(axis));
            CollectionAssert.AreEqual(expected.Cast<object>().ToArray(), actual.Cast<object>().ToArray());
        }
    }

    [TestMethod]
    public void What_does_not_fit_is_refused()
    {
        NDArray table = new float[,] { { 1, 2.5f }, { 3, 4 } };
        Said("shape (2, 2) does not become float[], which has 1 dimension(s). Convert it to float[,], or ToArray()", () => (float[])table);
        Said("does not become double[,,]", () => (double[,,])table);
        Said("int[,] takes integers, but element 1 is 2.5", () => (int[,])table);
        Said("int[] takes int32, but element 0 is 4294967296. Use long.", () => (int[])(NDArray)new[] { 1L << 32 });
        Said("has 4 elements, not one", () => (float)table);
        Said("has 2 indices, but 1 were given", () => table[0]);
        Assert.Contains("Index 2 is outside dimension 1", Assert.Throws<ArgumentOutOfRangeException>(() => table[0, 2]).Message);

        static void Said(string words, Func<object> act) => Assert.Contains(words, Assert.Throws<ModelException>(act).Message);
    }

    /// <summary>The expected texts are NumPy's, after a first line of type and shape.</summary>
    [TestMethod]
    public void Values_are_printed_as_NumPy_does()
    {
        Prints("float32 (2, 2)\n[[0.1  0.25]\n [1.   0.  ]]", new float[,] { { 0.1f, 0.25f }, { 1, 0 } });
        Prints("float32 (3,)\n[ 1. -2. 10.]", new float[] { 1, -2, 10 });
        Prints("float32 (3,)\n[nan inf  1.]", new float[] { float.NaN, float.PositiveInfinity, 1 });
        Prints("float32 (2,)\n[1.0e+10 1.5e+00]", new float[] { 1e10f, 1.5f });
        Prints("float32 (2,)\n[1.e-05 1.e+00]", new float[] { 1e-5f, 1 });
        Prints("float32 (1,)\n[0.33333334]", new float[] { 1f / 3 });
        Prints("float32 (2,)\n[0.26894143 0.7310586 ]", new float[] { 0.26894143f, 0.7310586f });
        Prints("int32 (2, 2)\n[[  1  20]\n [300 -40]]", new int[,] { { 1, 20 }, { 300, -40 } });
        Prints("int64 (2,)\n[1 9007199254740993]".Replace("[1", "[               1", StringComparison.Ordinal), new[] { 1L, 9007199254740993 });
        Prints("int32 (2,)\n[  0 255]", new byte[] { 0, 255 });
        Prints("bool (2,)\n[ True False]", new[] { true, false });
        Prints("float32 (2, 1, 2)\n[[[1. 2.]]\n\n [[3. 4.]]]", new float[,,] { { { 1, 2 } }, { { 3, 4 } } });
        Prints("float32 (0,)\n[]", Array.Empty<float>());
        Prints("float32 ()\n1.5", NDArray.Create([1.5f], []));
        Prints("int32 (2000,)\n[   0    1    2 ... 1997 1998 1999]", NDArray.From(Enumerable.Range(0, 2000)));
        Prints(
            "int32 (1000, 2)\n[[   0    1]\n [   2    3]\n [   4    5]\n ...\n [1994 1995]\n [1996 1997]\n [1998 1999]]",
            NDArray.Create(Enumerable.Range(0, 2000).ToArray(), [1000, 2]));
        Prints(
            "float32 (30,)\n[ 0.  1.  2.  3.  4.  5.  6.  7.  8.  9. 10. 11. 12. 13. 14. 15. 16. 17.\n 18. 19. 20. 21. 22. 23. 24. 25. 26. 27. 28. 29.]",
            NDArray.From(Enumerable.Range(0, 30).Select(i => (float)i)));

        static void Prints(string expected, NDArray array) => Assert.AreEqual(expected, array.ToString());
    }

    [TestMethod]
    public void Text_is_bounded_for_every_shape()
    {
        Shape[] shapes =
        [
            [100_000], [1000, 1000], [30, 30, 30, 30], [9, 9, 9, 9, 9], [3, 3, 3, 3, 3, 3, 3], [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2], [1, 1, 500, 1, 3],
        ];
        foreach (var shape in shapes)
        {
            var text = NDArray.Zeros(shape, DType.Float32).ToString();
            Assert.IsLessThan(20_000, text.Length, shape.ToString());
        }
    }
}
