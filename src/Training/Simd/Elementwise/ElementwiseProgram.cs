using System.Runtime.CompilerServices;

namespace OnnxFunctional.Training.Simd;

/// <summary>One compiled instruction. Operands are indices of slots (lines of equal floats, registers, inputs, outputs).</summary>
internal readonly record struct ElementwiseInstruction
{
    public ElementwiseOpcode Opcode { get; init; }
    public int X { get; init; }
    public int Y { get; init; }
    public int Z { get; init; }
    public int Destination { get; init; }
    public float Alpha { get; init; }
    public float Beta { get; init; }

    /// <summary>The third parameter of a MomentStep.</summary>
    public float Shift { get; init; }
    public ulong Seed { get; init; }
    public uint Node { get; init; }
    public int Input { get; init; }

    /// <summary>Whether the result is one value, repeated to fill a line.</summary>
    public bool IsLine { get; init; }

    /// <summary>The type that a copy stores to an output.</summary>
    public ElementwiseType StoresAs { get; init; }

    /// <summary>The slots of a MomentStep: gradient, mean, square, weight, step, and the results for mean, square and weight.</summary>
    public int[]? Wide { get; init; }
}

/// <summary>
/// A chain of elementwise operators that runs tile by tile: each instruction is one vectorized pass over a tile, and the tile stays in the cache for all
/// passes.
/// </summary>
/// <remarks>
/// Immutable, without state between runs: one program may run on many threads at once. Intermediate values never leave the caches; inputs of plain floats are
/// read, and outputs written, in place. Built by <see cref="ElementwiseProgramBuilder"/>.
/// </remarks>
internal sealed unsafe class ElementwiseProgram
{
    // A smaller part is not worth waking a thread for, and more parts would not balance the load better.
    private const double NanosecondsPerPart = 20_000;
    private const int MaxParts = 64;
    private const int Line = ElementwiseLoops.ScalarLine;

    private readonly Layout _layout;
    private readonly ElementwiseGeometry _geometry;

    internal ElementwiseProgram(Layout layout)
    {
        _layout = layout;
        _geometry = layout.Geometry;
        var work = _geometry.Length * layout.NanosecondsPerElement / NanosecondsPerPart;
        Parts = _geometry.Tiles == 0 ? 0 : (int)Math.Clamp(work, 1, Math.Min(MaxParts, _geometry.Tiles));
    }

    /// <summary>The number of independent parts, which depends on shape and instructions alone.</summary>
    public int Parts { get; }

    /// <summary>The number of elements of every output.</summary>
    public long Length => _geometry.Length;

    /// <summary>The number of elements of a tile.</summary>
    public int TileLength => _geometry.TileLength;

    /// <summary>The number of instructions that run on every tile.</summary>
    public int InstructionsPerTile => _layout.Tile.Length;

    /// <summary>Runs one part.</summary>
    /// <param name="inputs">The addresses of the inputs, in the order in which they were added; the memory must not move during the run.</param>
    /// <param name="outputs">The addresses of the outputs. An output may have the address of the input it was declared to overwrite, and overlaps nothing
    /// else.</param>
    /// <param name="part">The index of the part, below <see cref="Parts"/>.</param>
    /// <param name="step">The number of the training step, for random numbers.</param>
    public void Run(ReadOnlySpan<nint> inputs, ReadOnlySpan<nint> outputs, int part, ulong step = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(inputs.Length, _layout.InputTypes.Length);
        ArgumentOutOfRangeException.ThrowIfNotEqual(outputs.Length, _layout.OutputTypes.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)part, (uint)Parts);
        var first = (int)((long)_geometry.Tiles * part / Parts);
        var end = (int)((long)_geometry.Tiles * (part + 1) / Parts);
        VectorDispatch.Run(new TileLoop { Program = this, Inputs = inputs, Outputs = outputs, First = first, End = end, Step = step });
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunTiles<V>(ReadOnlySpan<nint> inputs, ReadOnlySpan<nint> outputs, int first, int end, ulong step) where V : struct, IVector<V>
    {
        var registerLength = (_geometry.TileLength + 15) & ~15;
        var firstInput = _layout.Lines + _layout.Registers;
        var memory = stackalloc float[(_layout.Lines * Line) + (_layout.Registers * registerLength) + Line];
        memory = (float*)(((nint)memory + 63) & ~63);
        var slots = stackalloc nint[firstInput + inputs.Length + outputs.Length];
        for (var i = 0; i < _layout.Lines; i++) slots[i] = (nint)(memory + (i * Line));
        var registers = memory + (_layout.Lines * Line);
        for (var i = 0; i < _layout.Registers; i++) slots[_layout.Lines + i] = (nint)(registers + (i * registerLength));
        foreach (var (line, value) in _layout.Constants) new Span<float>((float*)slots[line], Line).Fill(value);

        var frame = new Frame { Slots = slots, Inputs = inputs, Step = step, Count = _geometry.TileLength };
        Execute<V>(_layout.Once, frame);
        Execute<V>(_layout.Periodic, frame);
        for (var tile = first; tile < end; tile++)
        {
            (frame.Start, frame.Count) = _geometry.Tile(tile);
            for (var i = 0; i < inputs.Length; i++)
            {
                var offset = _layout.Patterns[i] switch
                {
                    ElementwisePattern.Direct => frame.Start,
                    ElementwisePattern.Segment => _geometry.RowOffset(i, frame.Start) + (frame.Start % _geometry.RowLength),
                    _ => 0,
                };
                slots[firstInput + i] = (nint)((float*)inputs[i] + offset);
            }

            for (var i = 0; i < outputs.Length; i++)
            {
                slots[firstInput + inputs.Length + i] = outputs[i] + (nint)(frame.Start * _layout.OutputTypes[i].Size());
            }

            frame.Ahead = tile + 1 < end ? frame.Count : 0;
            Execute<V>(_layout.Tile, frame);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Execute<V>(ElementwiseInstruction[] instructions, in Frame frame) where V : struct, IVector<V>
    {
        ElementwiseOperands operands;
        for (var i = 0; i < instructions.Length; i++)
        {
            ref readonly var instruction = ref instructions[i];
            var destination = (float*)frame.Slots[instruction.Destination];
            switch (instruction.Opcode)
            {
                case ElementwiseOpcode.Load:
                    Load<V>(instruction, frame, destination);
                    continue;
                case ElementwiseOpcode.RandomUniform:
                    PhiloxVectors.Fill<V>(
                        PhiloxVectors.Distribution.Uniform, instruction.Seed, instruction.Node, frame.Step, frame.Start, destination, frame.Count);
                    continue;
                case ElementwiseOpcode.RandomNormal:
                    PhiloxVectors.Fill<V>(
                        PhiloxVectors.Distribution.Normal, instruction.Seed, instruction.Node, frame.Step, frame.Start, destination, frame.Count);
                    continue;
                case ElementwiseOpcode.MomentStep:
                    MomentStep.Run<V>(instruction, frame.Slots, frame.Count);
                    continue;
                case ElementwiseOpcode.Copy when instruction.StoresAs != ElementwiseType.Float32:
                    Store<V>(instruction, frame);
                    continue;
            }

            var lines = _layout.Lines;
            operands.X = (float*)frame.Slots[instruction.X];
            operands.Y = (float*)frame.Slots[instruction.Y];
            operands.Z = (float*)frame.Slots[instruction.Z];
            operands.StepX = instruction.X < lines ? 0 : 1;
            operands.StepY = instruction.Y < lines ? 0 : 1;
            operands.StepZ = instruction.Z < lines ? 0 : 1;
            operands.Destination = destination;
            operands.Ahead = frame.Ahead;
            operands.Count = instruction.IsLine ? Line : frame.Count;
            ElementwiseDispatch.Execute<V>(instruction.Opcode, instruction.Alpha, instruction.Beta, operands);
        }
    }

    private void Load<V>(in ElementwiseInstruction instruction, in Frame frame, float* destination) where V : struct, IVector<V>
    {
        var input = instruction.Input;
        var source = (byte*)frame.Inputs[input];
        var type = _layout.InputTypes[input];
        var pattern = _layout.Patterns[input];
        switch (pattern)
        {
            case ElementwisePattern.Scalar:
            case ElementwisePattern.TileScalar:
                ElementwiseGather.Row(type, source, pattern == ElementwisePattern.Scalar ? 0 : _geometry.RowOffset(input, frame.Start), 0, destination, Line);
                return;
            case ElementwisePattern.Direct:
            case ElementwisePattern.Segment:
                var offset = pattern == ElementwisePattern.Direct ? frame.Start : _geometry.RowOffset(input, frame.Start) + (frame.Start % _geometry.RowLength);
                if (type == ElementwiseType.Bool) ElementwiseLoops.LoadMasks<V>(source + offset, destination, frame.Count);
                else if (type == ElementwiseType.Int32) ElementwiseLoops.LoadInt32<V>((int*)source + offset, destination, frame.Count);
                else if (type == ElementwiseType.Float16) WordLoops.Widen<V, HalfFormat>((ushort*)source + offset, destination, frame.Count);
                else if (type == ElementwiseType.BFloat16) WordLoops.Widen<V, BFloat16Format>((ushort*)source + offset, destination, frame.Count);
                else ElementwiseGather.Row(type, source, offset, 1, destination, frame.Count);
                return;
            default:
                LoadRows(input, type, source, frame, destination);
                return;
        }
    }

    // The tile consists of whole rows or, with strides along the row, of a piece of one.
    private void LoadRows(int input, ElementwiseType type, byte* source, in Frame frame, float* destination)
    {
        var stride = _geometry.InnerStride(input);
        var row = frame.Start / _geometry.RowLength;
        var column = frame.Start - (row * _geometry.RowLength);
        for (var done = 0; done < frame.Count;)
        {
            var offset = _geometry.RowOffset(input, row * _geometry.RowLength);
            for (var left = _geometry.RowsPerRun - (row % _geometry.RowsPerRun); left > 0 && done < frame.Count; left--)
            {
                var count = (int)Math.Min(_geometry.RowLength - column, frame.Count - done);
                ElementwiseGather.Row(type, source, offset + (column * stride), stride, destination + done, count);
                done += count;
                offset += _geometry.RowStride(input);
                column = 0;
                row++;
            }
        }
    }

    private void Store<V>(in ElementwiseInstruction instruction, in Frame frame) where V : struct, IVector<V>
    {
        var source = (float*)frame.Slots[instruction.X];
        var target = (void*)frame.Slots[instruction.Destination];
        nint step = instruction.X < _layout.Lines ? 0 : 1;
        switch (instruction.StoresAs)
        {
            case ElementwiseType.Bool:
                ElementwiseLoops.StoreMasks<V>(source, step, (byte*)target, frame.Count);
                return;
            case ElementwiseType.Int32:
                for (nint i = 0; i < frame.Count; i++) ((int*)target)[i] = (int)source[i * step];
                return;
            case ElementwiseType.Float16:
                WordLoops.Narrow<V, HalfFormat>(source, step, (ushort*)target, frame.Count);
                return;
            case ElementwiseType.BFloat16:
                WordLoops.Narrow<V, BFloat16Format>(source, step, (ushort*)target, frame.Count);
                return;
            case ElementwiseType.Int8 or ElementwiseType.UInt8:
                for (nint i = 0; i < frame.Count; i++) ((byte*)target)[i] = unchecked((byte)(int)source[i * step]);
                return;
            default:
                for (nint i = 0; i < frame.Count; i++) ((long*)target)[i] = (long)source[i * step];
                return;
        }
    }

    /// <summary>What the builder passes to a program.</summary>
    internal sealed class Layout
    {
        public required ElementwiseGeometry Geometry { get; init; }
        public required ElementwisePattern[] Patterns { get; init; }
        public required ElementwiseType[] InputTypes { get; init; }
        public required ElementwiseType[] OutputTypes { get; init; }
        public required (int Line, float Value)[] Constants { get; init; }

        /// <summary>Instructions that run once per part, on single values.</summary>
        public required ElementwiseInstruction[] Once { get; init; }

        /// <summary>Instructions that run once per part, on the run of values that repeats in every tile.</summary>
        public required ElementwiseInstruction[] Periodic { get; init; }

        /// <summary>Instructions that run on every tile.</summary>
        public required ElementwiseInstruction[] Tile { get; init; }
        public required int Lines { get; init; }
        public required int Registers { get; init; }
        public required double NanosecondsPerElement { get; init; }
    }

    private ref struct TileLoop : IVectorLoop
    {
        public ElementwiseProgram Program;
        public ReadOnlySpan<nint> Inputs;
        public ReadOnlySpan<nint> Outputs;
        public int First;
        public int End;
        public ulong Step;

        public readonly void Run<V>() where V : struct, IVector<V> => Program.RunTiles<V>(Inputs, Outputs, First, End, Step);
    }

    private ref struct Frame
    {
        public nint* Slots;
        public ReadOnlySpan<nint> Inputs;
        public ulong Step;
        public long Start;
        public int Count;
        public int Ahead;
    }
}
