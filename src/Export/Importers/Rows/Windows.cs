namespace OnnxFunctional.Export.Importers.Rows;

/// <summary>The window attributes that convolutions and pools share: kernel, strides, dilations, and pads in any of their forms.</summary>
internal sealed class Windows
{
    private const int MostPlaces = 1 << 14;

    private Windows(int[] kernel, int[] strides, int[] dilations, int[] begin, int[] end, bool isSame)
    {
        (Kernel, Strides, Dilations, Begin, End, IsSame) = (kernel, strides, dilations, begin, end, isSame);
    }

    public int[] Kernel { get; }

    public int[] Strides { get; }

    public int[] Dilations { get; }

    public int[] Begin { get; }

    public int[] End { get; }

    /// <summary>Whether the pads depend on sizes that are not known: as many as give ceil(input / stride) positions, the odd one at the end.</summary>
    public bool IsSame { get; }

    public int Rank => Kernel.Length;

    public bool HasPads => IsSame || Begin.Any(pad => pad != 0) || End.Any(pad => pad != 0);

    public bool IsDilated => Dilations.Any(dilation => dilation != 1);

    public Pads Pads => IsSame ? Padding.Same : HasPads ? Pads.Explicit([.. Begin], [.. End]) : Padding.Valid;

    /// <summary>Reads the attributes of a node whose input is (batch, channels, positions...).</summary>
    public static Windows Of(FileNode node, int[] kernel, Shape input)
    {
        var rank = kernel.Length;
        if (input.Rank != rank + 2)
            throw new ModelException($"its window has {rank} axes, but its input is {input}; expected (batch, channels, positions...).");
        var strides = node.Ints("strides") ?? [.. Enumerable.Repeat(1, rank)];
        var dilations = node.Ints("dilations") ?? [.. Enumerable.Repeat(1, rank)];
        var pads = node.Ints("pads") ?? new int[2 * rank];
        int[] begin = pads[..rank], end = pads[rank..];
        var auto = AutoPad(node);
        if (auto == "VALID") (begin, end) = (new int[rank], new int[rank]);
        if (auto is not ("SAME_UPPER" or "SAME_LOWER")) return new(kernel, strides, dilations, begin, end, false);
        for (var i = 0; i < rank; i++)
        {
            var size = input.Dims[i + 2];
            var extent = ((kernel[i] - 1) * dilations[i]) + 1;
            if (size == Shape.Unknown && strides[i] != 1)
            {
                if (auto == "SAME_UPPER") return new(kernel, strides, dilations, begin, end, true);
                throw new ModelException($"auto_pad is SAME_LOWER over axis {i + 2} of {input}, whose size is not known. Export the file with pads.");
            }

            var total = size == Shape.Unknown ? extent - 1 : Math.Max(((((size + strides[i] - 1) / strides[i]) - 1) * strides[i]) + extent - size, 0);
            begin[i] = auto == "SAME_UPPER" ? total / 2 : total - (total / 2);
            end[i] = total - begin[i];
        }

        return new(kernel, strides, dilations, begin, end, false);
    }

    /// <summary>How a file asks for pads; an empty text asks for none, as in ONNX Runtime.</summary>
    public static string AutoPad(FileNode node) =>
        node.Text("auto_pad", "").Length == 0 ? "NOTSET" : node.Choice("auto_pad", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID");

    public int Extent(int axis) => ((Kernel[axis] - 1) * Dilations[axis]) + 1;

    /// <summary>
    /// The number of positions of each axis, and the pads behind that the last window needs; ceil_mode counts a window that is not whole, unless it begins
    /// behind the input and the pads in front.
    /// </summary>
    public (int[] Sizes, int[] End) Positions(FileNode node, Shape input)
    {
        var (sizes, end) = (new int[Rank], new int[Rank]);
        for (var i = 0; i < Rank; i++)
        {
            var size = input.Dims[i + 2];
            if (size == Shape.Unknown) throw new ModelException($"its windows over axis {i + 2} of {input} need a known size.");
            var room = size + Begin[i] + End[i] - Extent(i);
            sizes[i] = (node.Flag("ceil_mode") ? (room + Strides[i] - 1) / Strides[i] : room / Strides[i]) + 1;
            if (node.Flag("ceil_mode") && (sizes[i] - 1) * Strides[i] >= size + Begin[i]) sizes[i]--;
            end[i] = Math.Max(0, ((sizes[i] - 1) * Strides[i]) + Extent(i) - size - Begin[i]);
        }

        return (sizes, end);
    }

    /// <summary>The elements that each window sees at each of its places, of a channels-last tensor that is padded already.</summary>
    /// <exception cref="ModelException">The window has so many places that each would be an operator of its own.</exception>
    public IReadOnlyList<SymbolicTensor> Places(SymbolicTensor padded, int[] sizes)
    {
        var count = Kernel.Aggregate(1L, (product, size) => product * Math.Max(size, 0));
        if (count is < 1 or > MostPlaces)
        {
            throw new ModelException(
                $"its window is [{string.Join(", ", Kernel)}] with dilations, indices, ceil_mode or counted pads; "
                + $"expected 1 to {MostPlaces} places in such a form.");
        }

        return [.. Each(padded, sizes)];
    }

    private IEnumerable<SymbolicTensor> Each(SymbolicTensor padded, int[] sizes)
    {
        var place = new int[Rank];
        while (true)
        {
            var part = padded;
            for (var i = 0; i < Rank; i++)
            {
                var first = place[i] * Dilations[i];
                part = Ops.Slice(part, i + 1, first, first + ((sizes[i] - 1) * Strides[i]) + 1, Strides[i]);
            }

            yield return part;
            var axis = Rank - 1;
            while (axis >= 0 && ++place[axis] == Kernel[axis]) place[axis--] = 0;
            if (axis < 0) yield break;
        }
    }
}
