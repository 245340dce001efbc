namespace OnnxFunctional.Training.Simd;

/// <summary>
/// Collects the instructions of an <see cref="ElementwiseProgram"/> as values that are assigned once, and compiles them: allocates registers, hoists work out
/// of tiles, fuses products.
/// </summary>
/// <remarks>
/// Every method that adds a value returns its index, for use as an operand. Optimizations change the time alone: values that depend on scalars or on a repeated
/// row are computed once per run, values that are constant along a long row once per tile, a product that is used once, in a sum, is fused with that sum, and
/// unused values are dropped.
/// </remarks>
internal sealed partial class ElementwiseProgramBuilder
{
    // Floats in all registers and streams of a tile. Larger than the first-level cache on purpose: starting a pass costs 20 ns, and Adam (10 passes) took 1.1
    // ns per element with tiles of 512, but 0.8 with 2048, where the second-level cache still delivers vectors as fast as a pass consumes them.
    private const int TileBudget = 16384;
    private const int LargestTile = 2048;
    private const int SmallestTile = 128;

    private readonly int[] _shape;
    private readonly List<Value> _values = [];
    private readonly List<(long[] Strides, ElementwiseType Type, int Value)> _inputs = [];
    private readonly List<(int Value, ElementwiseType Type, int Overwrites)> _outputs = [];

    /// <summary>Starts a program over all elements of an output of this shape.</summary>
    public ElementwiseProgramBuilder(ReadOnlySpan<int> shape) => _shape = shape.ToArray();

    private enum ValueKind : byte
    {
        Input,
        Constant,
        Instruction,
    }

    // What a value depends on, ordered by how often it must be computed.
    private enum Reach : byte
    {
        Run,
        Tile,
        Periodic,
        Element,
    }

    /// <summary>Adds an input that broadcasts to the output by NumPy's rule; inputs are numbered in the order in which they are added.</summary>
    public int Input(ReadOnlySpan<int> shape, ElementwiseType type = ElementwiseType.Float32) =>
        InputStrided(ElementwiseGeometry.BroadcastStrides(shape, _shape), type);

    /// <summary>Adds an input with strides of its own, in elements, one per axis of the output.</summary>
    public int InputStrided(ReadOnlySpan<long> strides, ElementwiseType type = ElementwiseType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(strides.Length, _shape.Length);
        _inputs.Add((strides.ToArray(), type, _values.Count));
        return Add(new Value { Kind = ValueKind.Input, Input = _inputs.Count - 1, IsMask = type == ElementwiseType.Bool });
    }

    /// <summary>Adds a constant.</summary>
    public int Constant(float value) => Add(new Value { Kind = ValueKind.Constant, Alpha = value });

    /// <summary>Adds an instruction over earlier values.</summary>
    /// <remarks>A copy returns the value itself. Where of two masks is a mask; Equal and NotEqual compare masks as well.</remarks>
    /// <exception cref="ArgumentException">An operand is missing, or is a mask where a float is needed, or the reverse.</exception>
    public int Add(ElementwiseOpcode opcode, int x, int y = -1, int z = -1, float alpha = 0f, float beta = 0f)
    {
        var arity = ElementwiseOpcodes.Arity(opcode);
        var mask = ElementwiseOpcodes.GivesMask(opcode);
        if (opcode == ElementwiseOpcode.Copy && x >= 0 && y < 0) return x;
        if (opcode == ElementwiseOpcode.Where && y >= 0 && z >= 0 && _values[y].IsMask && _values[z].IsMask) mask = true;
        else if (AreMasks(x, y) && opcode == ElementwiseOpcode.NotEqual) opcode = ElementwiseOpcode.Xor;
        else if (AreMasks(x, y) && opcode == ElementwiseOpcode.Equal) return Add(ElementwiseOpcode.Not, Add(ElementwiseOpcode.Xor, x, y));
        else CheckOperands(opcode, [x, y, z]);
        if (Count(x) + Count(y) + Count(z) != arity) throw new ArgumentException($"{opcode} takes {arity} operands.", nameof(opcode));
        return Add(new Value
        {
            Kind = ValueKind.Instruction,
            Opcode = opcode,
            X = x,
            Y = y,
            Z = z,
            Alpha = alpha,
            Beta = beta,
            IsMask = mask,
        });
    }

    /// <summary>Adds random numbers, one per element of the output: a function of seed, node, the step given at run time, and the element's index.</summary>
    public int Random(ElementwiseOpcode distribution, ulong seed, uint node)
    {
        if (distribution is not (ElementwiseOpcode.RandomUniform or ElementwiseOpcode.RandomNormal))
        {
            throw new ArgumentException($"{distribution} is not a distribution.", nameof(distribution));
        }

        return Add(new Value { Kind = ValueKind.Instruction, Opcode = distribution, X = -1, Y = -1, Z = -1, Seed = seed, Node = node });
    }

    /// <summary>Makes a value an output; outputs are numbered in the order in which they are added.</summary>
    /// <param name="value">The value; a mask if and only if the type is Bool.</param>
    /// <param name="type">How it is stored; floats are truncated to integers.</param>
    /// <param name="overwrites">The index of the input whose memory this output reuses, or -1. The input must have exactly the layout of the output.</param>
    public int Output(int value, ElementwiseType type = ElementwiseType.Float32, int overwrites = -1)
    {
        if (_values[value].IsMask != (type == ElementwiseType.Bool)) throw new ArgumentException("Masks, and only masks, can be stored as Bool.", nameof(type));
        if (overwrites >= 0 && _inputs[overwrites].Type.Size() != type.Size())
        {
            throw new ArgumentException("An output can only overwrite an input with the same element size.", nameof(overwrites));
        }
        _outputs.Add((value, type, overwrites));
        return _outputs.Count - 1;
    }

    /// <summary>Compiles the program.</summary>
    public ElementwiseProgram Build()
    {
        if (_outputs.Count == 0) throw new InvalidOperationException("An elementwise program needs an output.");
        var uses = CountUses();
        var strides = new List<long[]>();
        foreach (var input in _inputs) strides.Add(input.Strides);
        var streams = _inputs.Count + _outputs.Count;
        var largest = Math.Clamp(TileBudget / (MostAlive(uses) + streams) & ~63, SmallestTile, LargestTile);
        var geometry = new ElementwiseGeometry(_shape, strides, largest);
        var patterns = new ElementwisePattern[_inputs.Count];
        for (var i = 0; i < patterns.Length; i++) patterns[i] = geometry.Pattern(i);
        foreach (var (_, _, overwrites) in _outputs)
        {
            if (overwrites >= 0 && patterns[overwrites] != ElementwisePattern.Direct)
            {
                throw new InvalidOperationException("Only an input with exactly the layout of the output can be overwritten.");
            }
        }

        var reach = Reaches(patterns);
        FuseChains(uses, reach);
        return new Compilation(this, geometry, patterns, uses, reach).Compile();
    }

    private int Add(Value value)
    {
        _values.Add(value);
        return _values.Count - 1;
    }

    private static int Count(int operand) => operand >= 0 ? 1 : 0;

    private bool AreMasks(int x, int y) => x >= 0 && y >= 0 && _values[x].IsMask && _values[y].IsMask;

    private void CheckOperands(ElementwiseOpcode opcode, ReadOnlySpan<int> operands)
    {
        for (var i = 0; i < operands.Length; i++)
        {
            if (operands[i] < 0 || _values[operands[i]].IsMask == ElementwiseOpcodes.TakesMask(opcode, i)) continue;
            throw new ArgumentException(
                $"Operand {i} of {opcode} must be {(_values[operands[i]].IsMask ? "a float, but is a mask" : "a mask, but is a float")}.", nameof(opcode));
        }
    }

    private int[] CountUses()
    {
        var uses = new int[_values.Count];
        foreach (var (value, _, _) in _outputs) uses[value]++;
        for (var i = _values.Count - 1; i >= 0; i--)
        {
            if (uses[i] == 0 || _values[i].Kind != ValueKind.Instruction) continue;
            foreach (var operand in _values[i].Operands) uses[operand]++;
        }

        return uses;
    }

    // The maximum number of instruction values alive at once, as if none were hoisted.
    private int MostAlive(int[] uses)
    {
        var last = new int[_values.Count];
        for (var i = 0; i < _values.Count; i++)
        {
            if (uses[i] == 0 || _values[i].Kind != ValueKind.Instruction) continue;
            foreach (var operand in _values[i].Operands) last[operand] = i;
        }

        var (alive, most) = (0, 1);
        var dying = new int[_values.Count];
        for (var i = 0; i < _values.Count; i++)
        {
            if (uses[i] == 0 || _values[i].Kind != ValueKind.Instruction) continue;
            alive -= dying[i];
            if (last[i] > 0)
            {
                alive++;
                dying[last[i]]++;
            }

            most = Math.Max(most, alive);
        }

        return most;
    }

    private Reach[] Reaches(ElementwisePattern[] patterns)
    {
        var reach = new Reach[_values.Count];
        for (var i = 0; i < reach.Length; i++)
        {
            var value = _values[i];
            if (value.Kind == ValueKind.Input)
            {
                reach[i] = patterns[value.Input] switch
                {
                    ElementwisePattern.Scalar => Reach.Run,
                    ElementwisePattern.TileScalar => Reach.Tile,
                    ElementwisePattern.Periodic => Reach.Periodic,
                    _ => Reach.Element,
                };
            }
            else if (value.Kind == ValueKind.Instruction)
            {
                if (ElementwiseOpcodes.Arity(value.Opcode) == 0) reach[i] = Reach.Element;
                foreach (var operand in value.Operands) reach[i] = (Reach)Math.Max((byte)reach[i], (byte)reach[operand]);
            }
        }

        return reach;
    }

    // A pass costs as much as the arithmetic of three, so pairs and triples that every network or optimizer has become one instruction. Only values used once
    // are absorbed, and only into a value that is computed as often.
    private void FuseChains(int[] uses, Reach[] reach)
    {
        for (var i = 0; i < _values.Count; i++)
        {
            if (uses[i] == 0 || reach[i] != Reach.Element || _values[i].Kind != ValueKind.Instruction) continue;
            switch (_values[i].Opcode)
            {
                case ElementwiseOpcode.Add or ElementwiseOpcode.Subtract:
                    FuseProduct(i, uses, reach);
                    if (_values[i].Opcode == ElementwiseOpcode.MultiplyAdd) FuseBlend(i, uses, reach);
                    break;
                case ElementwiseOpcode.Divide:
                    FuseRoot(i, uses, reach);
                    break;
                case ElementwiseOpcode.Where:
                    FuseGate(i, uses, reach);
                    break;
                case ElementwiseOpcode.Multiply:
                    FuseSilu(i, uses, reach);
                    break;
                case ElementwiseOpcode.Reciprocal when Absorbs(_values[i].X, ElementwiseOpcode.Sqrt, uses, reach):
                    Replace(i, ElementwiseOpcode.ReciprocalSqrt, uses);
                    break;
                case ElementwiseOpcode.Not when Absorbs(_values[i].X, ElementwiseOpcode.Equal, uses, reach):
                    Replace(i, ElementwiseOpcode.NotEqual, uses);
                    break;
            }
        }
    }

    // x * y + z, x * y - z, z - x * y
    private void FuseProduct(int i, int[] uses, Reach[] reach)
    {
        var sum = _values[i];
        var first = Absorbs(sum.X, ElementwiseOpcode.Multiply, uses, reach);
        if (!first && !Absorbs(sum.Y, ElementwiseOpcode.Multiply, uses, reach)) return;
        var (absorbed, other) = first ? (sum.X, sum.Y) : (sum.Y, sum.X);
        var product = _values[absorbed];
        var opcode = (sum.Opcode, first) switch
        {
            (ElementwiseOpcode.Add, _) => ElementwiseOpcode.MultiplyAdd,
            (_, true) => ElementwiseOpcode.MultiplySubtract,
            _ => ElementwiseOpcode.SubtractMultiplied,
        };
        uses[absorbed] = 0;
        _values[i] = sum with { Opcode = opcode, X = product.X, Y = product.Y, Z = other };
    }

    // With constants alpha and beta: x * alpha + y * beta and x * alpha + y^2 * beta, x + (y - x) * alpha and x + (y^2 - x) * alpha.
    private void FuseBlend(int i, int[] uses, Reach[] reach)
    {
        var sum = _values[i];
        if (!Scaled(sum, out var x, out var alpha)) return;
        if (FuseLerp(i, x, alpha, uses, reach) || !Absorbs(sum.Z, ElementwiseOpcode.Multiply, uses, reach)) return;
        if (!Scaled(_values[sum.Z], out var y, out var beta)) return;
        uses[sum.Z] = 0;
        var square = IsSquare(y, uses, reach);
        if (square)
        {
            uses[y] = 0;
            y = _values[y].X;
        }

        _values[i] = sum with { Opcode = square ? ElementwiseOpcode.BlendSquare : ElementwiseOpcode.Blend, X = x, Y = y, Z = -1, Alpha = alpha, Beta = beta };
    }

    private bool FuseLerp(int i, int difference, float alpha, int[] uses, Reach[] reach)
    {
        var from = _values[i].Z;
        var inner = _values[difference];
        var plain = Absorbs(difference, ElementwiseOpcode.Subtract, uses, reach) && inner.Y == from;
        var square = Absorbs(difference, ElementwiseOpcode.MultiplySubtract, uses, reach) && inner.X == inner.Y && inner.Z == from;
        if (!plain && !square) return false;
        uses[difference] = 0;
        _values[i] = _values[i] with { Opcode = square ? ElementwiseOpcode.LerpSquare : ElementwiseOpcode.Lerp, X = from, Y = inner.X, Z = -1, Alpha = alpha };
        return true;
    }

    private bool IsSquare(int value, int[] uses, Reach[] reach) =>
        Absorbs(value, ElementwiseOpcode.Multiply, uses, reach) && _values[value].X == _values[value].Y;

    // x / (sqrt(y) + alpha), alpha a constant
    private void FuseRoot(int i, int[] uses, Reach[] reach)
    {
        var quotient = _values[i];
        if (!Absorbs(quotient.Y, ElementwiseOpcode.Add, uses, reach)) return;
        var sum = _values[quotient.Y];
        var (root, shift) = _values[sum.Y].Kind == ValueKind.Constant ? (sum.X, sum.Y) : (sum.Y, sum.X);
        if (_values[shift].Kind != ValueKind.Constant || !Absorbs(root, ElementwiseOpcode.Sqrt, uses, reach)) return;
        uses[quotient.Y] = 0;
        uses[root] = 0;
        _values[i] = quotient with { Opcode = ElementwiseOpcode.DivideByRoot, Y = _values[root].X, Alpha = _values[shift].Alpha };
    }

    // y > 0 ? x : 0
    private void FuseGate(int i, int[] uses, Reach[] reach)
    {
        var choice = _values[i];
        if (!Absorbs(choice.X, ElementwiseOpcode.Greater, uses, reach) || !IsZero(choice.Z) || !IsZero(_values[choice.X].Y)) return;
        uses[choice.X] = 0;
        _values[i] = choice with { Opcode = ElementwiseOpcode.ReluGradient, X = choice.Y, Y = _values[choice.X].X, Z = -1 };
    }

    // x * sigmoid(x)
    private void FuseSilu(int i, int[] uses, Reach[] reach)
    {
        var product = _values[i];
        var (x, sigmoid) = Absorbs(product.Y, ElementwiseOpcode.Sigmoid, uses, reach) ? (product.X, product.Y) : (product.Y, product.X);
        if (!Absorbs(sigmoid, ElementwiseOpcode.Sigmoid, uses, reach) || _values[sigmoid].X != x) return;
        uses[sigmoid] = 0;
        _values[i] = product with { Opcode = ElementwiseOpcode.Silu, X = x, Y = -1 };
    }

    // Replaces an instruction by one over the operands of its only operand.
    private void Replace(int i, ElementwiseOpcode opcode, int[] uses)
    {
        var inner = _values[_values[i].X];
        uses[_values[i].X] = 0;
        _values[i] = _values[i] with { Opcode = opcode, X = inner.X, Y = inner.Y };
    }

    private bool IsZero(int value) => _values[value].Kind == ValueKind.Constant && _values[value].Alpha == 0f;

    private bool Scaled(Value product, out int value, out float factor)
    {
        var constant = _values[product.Y].Kind == ValueKind.Constant;
        (value, var scale) = constant ? (product.X, product.Y) : (product.Y, product.X);
        factor = _values[scale].Alpha;
        return _values[scale].Kind == ValueKind.Constant;
    }

    private bool Absorbs(int value, ElementwiseOpcode opcode, int[] uses, Reach[] reach) =>
        _values[value].Kind == ValueKind.Instruction && _values[value].Opcode == opcode && uses[value] == 1 && reach[value] == Reach.Element;

    private readonly record struct Value
    {
        public ValueKind Kind { get; init; }
        public ElementwiseOpcode Opcode { get; init; }
        public int X { get; init; }
        public int Y { get; init; }
        public int Z { get; init; }
        public float Alpha { get; init; }
        public float Beta { get; init; }
        public ulong Seed { get; init; }
        public uint Node { get; init; }
        public int Input { get; init; }
        public bool IsMask { get; init; }

        public ReadOnlySpan<int> Operands => new int[] { X, Y, Z }.AsSpan(0, Kind == ValueKind.Instruction ? ElementwiseOpcodes.Arity(Opcode) : 0);
    }
}
