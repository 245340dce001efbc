using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>Pools, channels-last in the graph.</summary>
internal static class Pools
{
    /// <summary>The largest of each window; 8-bit integers are compared as floats, which hold them.</summary>
    public static FileResult[] Max(FileNode node)
    {
        var results = MaxOfFloats(node);
        return node.TypeOf(0).Is8Bit() ? [results[0] with { Tensor = Ops.Cast(results[0].Tensor, node.TypeOf(0)) }, .. results[1..]] : results;
    }

    private static FileResult[] MaxOfFloats(FileNode node)
    {
        var (windows, x, order) = Begin(node);
        if (!windows.IsDilated && !node.Flag("ceil_mode") && !node.Gives(1))
            return [new(Ops.Make(new MaxPool([.. windows.Kernel], [.. windows.Strides], windows.Pads), x), order)];
        var (sizes, end) = windows.Positions(node, node.ShapeOf(0));
        if (!windows.IsDilated && !node.Gives(1))
            return [new(Ops.Make(new MaxPool([.. windows.Kernel], [.. windows.Strides], Pads.Explicit([.. windows.Begin], [.. end])), x), order)];
        var padded = Padded(x, windows.Begin, end, float.NegativeInfinity);
        SymbolicTensor[] places = [.. windows.Places(padded, sizes)];
        var result = places.Aggregate((a, b) => Ops.Make(new Max(), a, b));
        return node.Gives(1) ? [new(result, order), new(Indices(node, windows, places, sizes), order)] : [new(result, order)];
    }

    public static FileResult[] Average(FileNode node)
    {
        var (windows, x, order) = Begin(node);
        var counts = node.Flag("count_include_pad") && windows.HasPads;
        if (!windows.IsDilated && !counts && !node.Flag("ceil_mode"))
            return [new(Ops.Make(new AveragePool([.. windows.Kernel], [.. windows.Strides], windows.Pads), x), order)];
        var (sizes, end) = windows.Positions(node, node.ShapeOf(0));
        if (!windows.IsDilated && !counts)
            return [new(Ops.Make(new AveragePool([.. windows.Kernel], [.. windows.Strides], Pads.Explicit([.. windows.Begin], [.. end])), x), order)];
        var sum = windows.Places(Padded(x, windows.Begin, end, 0), sizes).Aggregate((a, b) => a + b);

        // How many elements each window has: those of the input, or those of the pads too, but not what ceil_mode adds.
        var inside = node.Reserved(Shape.Of([1, .. node.ShapeOf(0).Dims[2..], 1]), DType.Float32);
        int[] none = new int[windows.Rank];
        var ones = counts
            ? Padded(Ops.Filled(Shape.Of([1, .. Enumerable.Range(0, windows.Rank).Select(i => inside.Dims[i + 1] + windows.Begin[i] + windows.End[i]), 1]), 1),
                none, [.. Enumerable.Range(0, windows.Rank).Select(i => end[i] - windows.End[i])], 0)
            : Padded(Ops.Filled(inside, 1), windows.Begin, end, 0);
        var count = windows.Places(ones, sizes).Aggregate((a, b) => a + b);
        return [new(sum / count, order)];
    }

    /// <summary>The p-norm of each window.</summary>
    public static FileResult[] Lp(FileNode node)
    {
        var (windows, x, order) = Begin(node);
        var p = node.Version < 2 ? node.Float("p", 2) : node.Int("p", 2);
        var (sizes, end) = windows.Positions(node, node.ShapeOf(0));
        var powers = Elementwise.Pow(Ops.Abs(Padded(x, windows.Begin, end, 0)), Ops.Constant(p));
        return [new(Elementwise.Pow(windows.Places(powers, sizes).Aggregate((a, b) => a + b), Ops.Constant(1.0 / p)), order)];
    }

    public static Importer Global(Func<SymbolicTensor, int[], SymbolicTensor> reduce) => node =>
    {
        var order = Layout.ChannelsFirst(node.RankOf(0));
        return [new(reduce(node.In(0, order), [.. Enumerable.Range(1, order.Rank - 2)]), order)];
    };

    private static (Windows Windows, SymbolicTensor X, Layout Order) Begin(FileNode node)
    {
        var order = Layout.ChannelsFirst(node.RankOf(0));
        var kernel = node.Ints("kernel_shape") ?? throw new ModelException("kernel_shape is missing.");
        var type = node.TypeOf(0);
        if (type != DType.Float32 && !(node.OpType == "MaxPool" && type.Is8Bit()))
            throw new ModelException($"it pools {type.KerasName()}; expected float32.");
        return (Windows.Of(node, kernel, node.ShapeOf(0)) is { IsSame: true } && (node.Flag("ceil_mode") || node.HasAttribute("dilations"))
            ? throw new ModelException("auto_pad over sizes that are not known, with dilations or ceil_mode.")
            : Windows.Of(node, kernel, node.ShapeOf(0)), Ops.Cast(node.In(0, order), DType.Float32), order);
    }

    private static SymbolicTensor Padded(SymbolicTensor x, int[] begin, int[] end, float value) =>
        begin.Concat(end).All(pad => pad == 0) ? x : Ops.Pad(x, [0, .. begin, 0], [0, .. end, 0], value);

    /// <summary>Where the largest element of each window lies in the whole input of the file; of equal ones the first.</summary>
    private static SymbolicTensor Indices(FileNode node, Windows windows, SymbolicTensor[] places, int[] sizes)
    {
        var shape = node.ShapeOf(0);
        if (!shape.IsKnown) throw new ModelException($"it gives indices into {shape}; expected known sizes.");
        var (batch, channels) = (shape.Dims[0], shape.Dims[1]);
        var positions = shape.Dims[2..].ToArray();
        var columnMajor = node.Flag("storage_order");

        // The index within one channel of each place of each window, then the one of the chosen place.
        node.Reserved([places.Length, .. sizes], DType.Int64);
        var tables = new List<SymbolicTensor>();
        var place = new int[windows.Rank];
        foreach (var _ in places)
        {
            var table = new List<long>();
            foreach (var at in Grid(sizes))
            {
                long flat = 0;
                for (var i = 0; i < windows.Rank; i++)
                {
                    var axis = columnMajor ? windows.Rank - 1 - i : i;
                    var position = (at[axis] * windows.Strides[axis]) + (place[axis] * windows.Dilations[axis]) - windows.Begin[axis];
                    flat = (flat * positions[axis]) + position;
                }

                table.Add(flat);
            }

            tables.Add(Ops.Constant(Shape.Of([1, .. sizes, 1]), table.ToArray()));
            var next = windows.Rank - 1;
            while (next >= 0 && ++place[next] == windows.Kernel[next]) place[next--] = 0;
        }

        var best = places[0];
        SymbolicTensor index = Ops.Make(new ExpandLike(), tables[0], places[0]);
        for (var i = 1; i < places.Length; i++)
        {
            var larger = Ops.Make(new Greater(), places[i], best);
            index = Ops.Make(new Where(), larger, tables[i], index);
            best = Ops.Make(new Max(), best, places[i]);
        }

        var perChannel = positions.Aggregate(1L, (product, size) => product * size);
        var offsets = new long[node.Reserved([batch, channels], DType.Int64).ElementCount];
        for (var i = 0; i < offsets.Length; i++) offsets[i] = i * perChannel;
        return Ops.Make(new Add(), index, Ops.Constant(Shape.Of([batch, .. Enumerable.Repeat(1, windows.Rank), channels]), offsets));
    }

    private static IEnumerable<int[]> Grid(int[] sizes)
    {
        var at = new int[sizes.Length];
        while (true)
        {
            yield return at;
            var axis = sizes.Length - 1;
            while (axis >= 0 && ++at[axis] == sizes[axis]) at[axis--] = 0;
            if (axis < 0) yield break;
        }
    }
}
