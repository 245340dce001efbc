using OnnxFunctional.Operators;

namespace OnnxFunctional.Tests.Cases;

/// <content>Operators that only files of others bring.</content>
internal static partial class OpCases
{
    private static IEnumerable<OpCase> OfFiles =>
    [
        Sampled("", new GridSample(ResizeMode.Linear, SamplePadding.Zeros, false), [2, 5, 7, 3], [2, 3, 1, 2]),
        Sampled("aligned", new GridSample(ResizeMode.Linear, SamplePadding.Border, true), [3, 3, 1, 2], [3, 2, 7, 2]),
        Sampled("nearest", new GridSample(ResizeMode.Nearest, SamplePadding.Border, false), [3, 5, 7, 1], [3, 3, 3, 2]),
        Sampled("volume", new GridSample(ResizeMode.Linear, SamplePadding.Border, false), [1, 3, 2, 5, 2], [1, 1, 3, 2, 3]),
        Sampled("line", new GridSample(ResizeMode.Linear, SamplePadding.Zeros, true), [3, 7, 2], [3, 5, 1]),
        ElsewhereSampled("cubic", new GridSample(ResizeMode.Cubic, SamplePadding.Border, false)),
        ElsewhereSampled("reflected", new GridSample(ResizeMode.Linear, SamplePadding.Reflection, false)),
        Instance("", [3, 5, 7]),
        Instance("image", [2, 3, 5, 7]),
        Instance("one_channel", [3, 17, 1]),
        Local("", 5, [2, 3, 1, 7]),
        Local("even", 2, [3, 5, 3]),
        Local("one", 1, [3, 1, 7]),
        Local("wider_than_all", 17, [2, 3, 3]),
        Deep("block_first", new DepthToSpace(2, true), X(3, 5, 7, 12)),
        Deep("block_last", new DepthToSpace(2, false), X(3, 5, 7, 12)),
        Deep("one", new DepthToSpace(1, true), X(3, 1, 7, 3)),
        Deep("three", new DepthToSpace(3, false), X(1, 3, 1, 9).Ids(99)),
        new("", new SpaceToDepth(2), X(3, 4, 6, 3)) { Reference = x => [Spread(x[0], 2)] },
        new("three", new SpaceToDepth(3), X(1, 3, 9, 1)) { Reference = x => [Spread(x[0], 3)] },
    ];

    private static OpCase Sampled(string variation, GridSample op, int[] image, int[] grid) =>
        new(variation, op, X(image), X(grid).In(-1.3, 1.3))
        {
            // Places where another pixel becomes the nearest are kinks.
            Differentiable = false,
            Reference = x =>
            [
                Plain.Of([.. grid[..^1], image[^1]], place =>
                {
                    var axes = grid[^1];
                    var at = new double[axes];
                    for (var axis = 0; axis < axes; axis++)
                    {
                        var (coordinate, size) = (x[1][[.. place[..^1], axes - 1 - axis]], image[axis + 1]);
                        at[axis] = op.AlignCorners ? (coordinate + 1) / 2 * (size - 1) : (((coordinate + 1) * size) - 1) / 2;
                        if (op.Mode == ResizeMode.Nearest) at[axis] = Math.Round(at[axis], MidpointRounding.ToEven);
                    }

                    var sum = 0.0;
                    for (var corner = 0; corner < 1 << axes; corner++)
                    {
                        var (weight, from) = (1.0, new int[axes]);
                        for (var axis = 0; axis < axes; axis++)
                        {
                            var below = Math.Floor(at[axis]);
                            var isAbove = (corner >> axis & 1) == 1;
                            weight *= isAbove ? at[axis] - below : 1 - (at[axis] - below);
                            from[axis] = (int)below + (isAbove ? 1 : 0);
                            var inside = Math.Clamp(from[axis], 0, image[axis + 1] - 1);
                            if (op.Padding == SamplePadding.Zeros && inside != from[axis]) weight = 0;
                            from[axis] = inside;
                        }

                        if (weight != 0) sum += weight * x[0][[place[0], .. from, place[^1]]];
                    }

                    return sum;
                }),
            ],
        };

    private static OpCase ElsewhereSampled(string variation, GridSample op) => new(variation, op, X(2, 5, 7, 3), X(2, 3, 1, 2).In(-1.3, 1.3))
    {
        Differentiable = false,
        CheckedElsewhere = "ONNX's own suite has them, gradients too (OnnxBackendTests)",
    };

    private static OpCase Instance(string variation, int[] dims) =>
        new(variation, new InstanceNormalization(1e-3f), X(dims), W(dims[^1]), W(dims[^1]))
        {
            Reference = x =>
            [
                Plain.Of(dims, place =>
                {
                    var own = Plain.Places(dims).Where(other => other[0] == place[0] && other[^1] == place[^1]).Select(other => x[0][other]).ToList();
                    var (mean, scale, bias) = (own.Average(), x[1].Values[place[^1]], x[2].Values[place[^1]]);
                    return ((x[0][place] - mean) / Math.Sqrt(own.Average(value => (value - mean) * (value - mean)) + 1e-3f) * scale) + bias;
                }),
            ],
        };

    private static OpCase Local(string variation, int size, int[] dims) => new(variation, new Lrn(size, 0.3f, 0.75f, 1.5f), X(dims))
    {
        Reference = x =>
        [
            Plain.Of(dims, place =>
            {
                var sum = 0.0;
                for (var c = place[^1] - ((size - 1) / 2); c <= place[^1] + size - 1 - ((size - 1) / 2); c++)
                {
                    if (c >= 0 && c < dims[^1]) sum += Math.Pow(x[0][[.. place[..^1], c]], 2);
                }

                return x[0][place] / Math.Pow(1.5 + (0.3f / size * sum), 0.75);
            }),
        ],
    };

    private static OpCase Deep(string variation, DepthToSpace op, OpInput x) => new(variation, op, x)
    {
        Reference = inputs =>
        {
            var (block, channels) = (op.Block, x.Dims[3] / (op.Block * op.Block));
            return
            [
                Plain.Of([x.Dims[0], x.Dims[1] * block, x.Dims[2] * block, channels], place =>
                {
                    var inBlock = (place[1] % block * block) + (place[2] % block);
                    var channel = op.BlockFirst ? (inBlock * channels) + place[3] : (place[3] * block * block) + inBlock;
                    return inputs[0][place[0], place[1] / block, place[2] / block, channel];
                }),
            ];
        },
    };

    private static Plain Spread(Plain x, int block) =>
        Plain.Of([x.Dims[0], x.Dims[1] / block, x.Dims[2] / block, x.Dims[3] * block * block], place =>
        {
            var (inBlock, channel) = Math.DivRem(place[3], x.Dims[3]);
            return x[place[0], (place[1] * block) + (inBlock / block), (place[2] * block) + (inBlock % block), channel];
        });
}
