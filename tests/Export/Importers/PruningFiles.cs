using OnnxFunctional.Export.Proto;
using static OnnxFunctional.Tests.Export.HandmadeModels;
using static OnnxFunctional.Tests.Export.Importers.PruningFile;

namespace OnnxFunctional.Tests.Export.Importers;

/// <summary>Small files of each kind of connection between channels.</summary>
internal static class PruningFiles
{
    public static IReadOnlyList<PruningFile> All { get; } =
    [
        new(
            "convolutions, a normalization and a product of all positions",
            [
                Node("Conv", ["x", "K", "b"], ["c"]),
                Node("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["n"]),
                Node("Sigmoid", ["n"], ["s"]),
                Node("MaxPool", ["s"], ["p"], Ints("kernel_shape", 2, 2), Ints("strides", 2, 2)),
                Node("Flatten", ["p"], ["f"]),
                Node("Gemm", ["f", "W", "v"], ["h"], Attributes.Int("transB", 1)),
                Node("PRelu", ["h", "slopes"], ["r"]),
                Node("MatMul", ["r", "U"], ["m"]),
                Node("Add", ["m", "u"], ["y"]),
            ],
            [
                Waves("K", 7, 3, 3, 3), Waves("b", 7), Waves("scale", 7), Waves("shift", 7), Waves("mean", 7), Waves("variance", 7),
                Waves("W", 17, 7 * 3 * 2), Waves("v", 17), Waves("slopes", 17), Waves("U", 17, 3), Waves("u", 3),
            ],
            [3, 9, 7],
            [3],
            [("K", 0, IsOdd), ("W", 0, IsOdd)],
            [("W", 1, i => IsOdd(i / 6)), ("U", 0, IsOdd)],
            [("c_node", 7, 4), ("h_node", 17, 9), ("m_node", 3, 3)]),
        new(
            "a sum of two ways",
            [
                Node("Conv", ["x", "A"], ["a"], Ints("pads", 1, 1, 1, 1)),
                Node("Relu", ["a"], ["r"]),
                Node("Conv", ["r", "B"], ["b"], Ints("pads", 1, 1, 1, 1)),
                Node("Add", ["r", "b"], ["s"]),
                Node("Conv", ["s", "C"], ["c"]),
                Node("GlobalAveragePool", ["c"], ["g"]),
                Node("Reshape", ["g", "shape"], ["f"]),
                Node("Gemm", ["f", "W"], ["y"]),
            ],
            [Waves("A", 5, 1, 3, 3), Waves("B", 5, 5, 3, 3), Waves("C", 3, 5, 1, 1), Longs("shape", [2], 0, -1), Waves("W", 3, 2)],
            [1, 5, 3],
            [2],
            [("A", 0, IsOdd), ("B", 0, IsOdd), ("C", 0, IsOdd)],
            [("B", 1, IsOdd), ("C", 1, IsOdd), ("W", 0, IsOdd)],
            [("a_node", 5, 3), ("b_node", 5, 3), ("c_node", 3, 2), ("y_node", 2, 2)]),
        new(
            "convolutions of each channel",
            [
                Node("Conv", ["x", "A"], ["a"]),
                Node("Conv", ["a", "D", "d"], ["e"], Attributes.Int("group", 4)),
                Node("Conv", ["e", "E"], ["g"], Attributes.Int("group", 4)),
                Node("Relu", ["g"], ["r"]),
                Node("Conv", ["r", "C"], ["c"]),
                Node("ReduceMean", ["c", "axes"], ["y"], Attributes.Int("keepdims", 0)),
            ],
            [Waves("A", 4, 2, 1, 1), Waves("D", 4, 1, 3, 3), Waves("d", 4), Waves("E", 8, 1, 1, 3), Waves("C", 1, 8, 1, 1), Longs("axes", [2], 2, 3)],
            [2, 7, 5],
            [1],
            [("A", 0, IsOdd)],
            [("C", 1, i => IsOdd(i / 2))],
            [("a_node", 4, 2), ("c_node", 1, 1)]),
        new(
            "joined and cut channels, scaled by constants",
            [
                Node("Conv", ["x", "A"], ["a"]),
                Node("Conv", ["x", "B"], ["b"]),
                Node("Concat", ["a", "b"], ["j"], Attributes.Int("axis", 1)),
                Node("Mul", ["j", "factors"], ["m"]),
                Node("Split", ["m", "sizes"], ["first", "second"], Attributes.Int("axis", 1)),
                Node("Concat", ["second", "first"], ["k"], Attributes.Int("axis", 1)),
                Node("ConvTranspose", ["k", "T", "t"], ["u"]),
                Node("Transpose", ["u"], ["v"], Ints("perm", 0, 2, 3, 1)),
                Node("MatMul", ["v", "W"], ["y"]),
            ],
            [
                Waves("A", 4, 1, 1, 1), Waves("B", 3, 1, 1, 1), Waves("factors", 1, 7, 1, 1), Longs("sizes", [2], 2, 5),
                Waves("T", 7, 3, 2, 2), Waves("t", 3), Waves("W", 3, 2),
            ],
            [1, 3, 1],
            [4, 2, 2],
            [("A", 0, IsOdd), ("B", 0, IsOdd), ("T", 1, IsOdd)],

            // Behind both joins lie channels 2 and 3 of A, 0 to 2 of B, then 0 and 1 of A.
            [("T", 0, i => i is 1 or 3 or 6), ("W", 0, IsOdd)],
            [("a_node", 4, 2), ("b_node", 3, 2), ("u_node", 3, 2), ("y_node", 2, 2)]),
        new(
            "positions as a sequence, weights that are computed from others",
            [
                Node("Conv", ["x", "A"], ["a"]),
                Node("Reshape", ["a", "flat"], ["f"]),
                Node("Transpose", ["f"], ["s"], Ints("perm", 0, 2, 1)),
                Node("MatMul", ["s", "W"], ["h"]),
                Node("Tanh", ["h"], ["r"]),
                Node("Transpose", ["U"], ["V"]),
                Node("MatMul", ["r", "V"], ["y"]),
            ],
            [Waves("A", 5, 2, 1, 1), Longs("flat", [3], 0, 5, 21), Waves("W", 5, 7), Waves("U", 3, 7)],
            [2, 7, 3],
            [21, 3],
            [("A", 0, IsOdd), ("W", 1, IsOdd)],
            [("W", 0, IsOdd), ("U", 1, IsOdd)],
            [("a_node", 5, 3), ("h_node", 7, 4)]),
        new(
            "channels that are weighed by what is known of the image",
            [
                Node("Conv", ["x", "A"], ["a"]),
                Node("GlobalAveragePool", ["a"], ["g"]),
                Node("Conv", ["g", "B", "b"], ["c"]),
                Node("HardSigmoid", ["c"], ["w"]),
                Node("Mul", ["a", "w"], ["m"]),
                Node("Resize", ["m", "", "scales"], ["z"], Attributes.Text("mode", "nearest")),
                Node("Conv", ["z", "C"], ["y"]),
            ],
            [Waves("A", 6, 1, 1, 1), Waves("B", 6, 6, 1, 1), Waves("b", 6), Floats("scales", [4], 1, 1, 2, 2), Waves("C", 1, 6, 1, 1)],
            [1, 3, 5],
            [1, 6, 10],
            [("A", 0, IsOdd), ("B", 0, IsOdd)],
            [("B", 1, IsOdd), ("C", 1, IsOdd)],
            [("a_node", 6, 3), ("c_node", 6, 3), ("y_node", 1, 1)]),
    ];
}
