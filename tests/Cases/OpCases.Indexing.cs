using OnnxFunctional.Operators;

namespace OnnxFunctional.Tests.Cases;

/// <content>Elements selected by integers.</content>
internal static partial class OpCases
{
    private static IEnumerable<OpCase> Indexing =>
    [
        Gathered("", 0, W(5, 7), X(3, 2).Ids(5)),
        Gathered("int32", 0, W(5, 7), X(3).Ids(5, DType.Int32)),
        Gathered("negative", 0, W(5, 7), X(3).Ids(5).Given(-1, 0, -5)),
        Gathered("axis1", 1, X(3, 5, 2), W(4).Ids(5)),
        Gathered("last", -1, X(3, 5), W(2, 3).Ids(5)),
        Gathered("scalar", 0, W(5, 7), W().Ids(5)),
        Gathered("int64_table", 0, W(5, 7).Ids(9), X(3).Ids(5)),
        Gathered("bool_table", 0, W(5, 7).Truth(), X(3).Ids(5)),
        Scattered("", 0, X(3, 2, 7), X(3, 2).Ids(5), W(5, 7)),
        Scattered("repeated", 0, X(4, 3), X(4).Ids(5).Given(2, 2, -3, 2), W(5, 3)),
        Scattered("axis1", 1, X(3, 4, 2), W(4).Ids(5), X(3, 5, 2)),
        Elements("", 1, X(3, 5), X(3, 4).Ids(5)),
        Elements("axis0", 0, W(5, 3), W(2, 3).Ids(5)),
        Elements("last", -1, X(3, 2, 5), X(3, 2, 7).Ids(5)),
        Elements("negative", -1, X(1, 5), X(1, 3).Ids(5).Given(-1, 2, -5)),
        ElementsBack("", 1, X(3, 4), X(3, 4).Ids(5), X(3, 5)),
        ElementsBack("axis0", 0, W(2, 3), W(2, 3).Ids(5), W(5, 3)),
        Hot("", 5, X(3).Ids(5)),
        Hot("rank2", 3, X(3, 7).Ids(3)),
        Hot("int32", 4, X(5).Ids(4, DType.Int32)),
        Hot("outside", 3, X(6).Ids(3).Given(0, 3, 2, 9, -1, -3)),
        new("", new Positions(1), X(3, 7)) { Reference = x => [new([7], [0, 1, 2, 3, 4, 5, 6])] },
        new("last", new Positions(-1), X(3, 2, 4)) { Reference = x => [new([4], [0, 1, 2, 3])] },
    ];

    private static OpCase Gathered(string variation, int axis, OpInput table, OpInput indices) => new(variation, new Gather(axis), table, indices)
    {
        Reference = x =>
        {
            var result = Plain.Zeros(GatheredDims(x[0].Dims, x[1].Dims, x[0].Axis(axis)));
            foreach (var place in Plain.Places(result.Dims)) result[place] = x[0][SourceOf(place, x[0], x[1], x[0].Axis(axis))];
            return [result];
        },
    };

    private static OpCase Scattered(string variation, int axis, OpInput gradient, OpInput indices, OpInput table) =>
        new(variation, new GatherGradient(axis), gradient, indices, table)
        {
            Reference = x =>
            {
                var result = Plain.Zeros(x[2].Dims);
                foreach (var place in Plain.Places(x[0].Dims)) result[SourceOf(place, result, x[1], result.Axis(axis))] += x[0][place];
                return [result];
            },
        };

    private static int[] GatheredDims(int[] table, int[] indices, int axis) => [.. table[..axis], .. indices, .. table[(axis + 1)..]];

    private static int[] SourceOf(int[] place, Plain table, Plain indices, int axis)
    {
        var index = (int)indices[place.AsSpan()[axis..(axis + indices.Rank)]];
        return [.. place[..axis], index < 0 ? index + table.Dims[axis] : index, .. place[(axis + indices.Rank)..]];
    }

    private static OpCase Elements(string variation, int axis, OpInput data, OpInput indices) => new(variation, new GatherElements(axis), data, indices)
    {
        Reference = x => [Plain.Of(x[1].Dims, place => x[0][ElementOf(place, x[1], x[0], x[0].Axis(axis))])],
    };

    private static OpCase ElementsBack(string variation, int axis, OpInput gradient, OpInput indices, OpInput data) =>
        new(variation, new GatherElementsGradient(axis), gradient, indices, data)
        {
            Reference = x =>
            {
                var result = Plain.Zeros(x[2].Dims);
                foreach (var place in Plain.Places(x[0].Dims)) result[ElementOf(place, x[1], result, result.Axis(axis))] += x[0][place];
                return [result];
            },
        };

    private static int[] ElementOf(int[] place, Plain indices, Plain data, int axis)
    {
        int[] source = [.. place];
        source[axis] = (int)indices[place];
        if (source[axis] < 0) source[axis] += data.Dims[axis];
        return source;
    }

    private static OpCase Hot(string variation, int depth, OpInput indices) => new(variation, new OneHot(depth), indices)
    {
        Reference = x => [Plain.Of([.. x[0].Dims, depth], place => x[0][place.AsSpan()[..^1]] == place[^1] ? 1 : 0)],
    };
}
