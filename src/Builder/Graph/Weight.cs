using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;

namespace OnnxFunctional;

/// <summary>A tensor owned by a layer: learned by gradients, or updated by training in another way, such as a moving mean.</summary>
[DebuggerDisplay("{Name,nq} {Shape,nq}")]
public sealed class Weight
{
    private readonly Lock _gate = new();
    private object? _gateOfRuns;
    private float[]? _values;
    private IWeightHolder? _holder;
    private (ulong Seed, string Path)? _first;

    internal Weight(string name, Shape shape, Initializer initializer, bool trainable, LayerBase? owner)
    {
        if (shape.IsKnown) Sizes.Count(shape, $"Weight '{name}' of shape");

        Name = name;
        Shape = shape;
        Initializer = initializer;
        Learns = Trainable = trainable;
        Owner = owner;
        Variable = Node.Create(new Operators.Variable(this), [], null).Outputs[0];
    }

    /// <summary>The name within its layer, as in Keras: <c>kernel</c>, <c>bias</c>. A model prepends the layer's path.</summary>
    public string Name { get; }

    /// <summary>The dimensions, all known.</summary>
    public Shape Shape { get; }

    /// <summary>
    /// Whether gradients update it; moving statistics are not trainable, nor is what <see cref="LayerBase.EnableLora"/> freezes. A frozen layer freezes all of
    /// its weights.
    /// </summary>
    public bool Trainable { get; private set; }

    /// <summary>Whether it was made to be updated by gradients, which decides its place among the weights of its layer.</summary>
    internal bool Learns { get; }

    /// <summary>Whether it is a kernel that can have an adapter.</summary>
    internal bool TakesAdapter { get; set; }

    /// <summary>Whether a node of a file multiplies by it, as by a kernel; layers of this library tell by its name.</summary>
    internal bool IsKernelOfNode { get; set; }

    /// <summary>What is trained beside it; null without.</summary>
    internal Adapter? Adapter { get; private set; }

    /// <summary>Whether it is a matrix of an adapter.</summary>
    internal bool IsOfAdapter { get; init; }

    /// <summary>Whether it is carried from batch to batch in every use of the model, as the state of a stateful layer is; it starts with zeros.</summary>
    internal bool IsState { get; set; }

    /// <summary>What runs hold that read or set the weight; null before the first.</summary>
    internal ref object? Gate => ref _gateOfRuns;

    /// <summary>The source of the initial values.</summary>
    public Initializer Initializer { get; }

    /// <summary>A penalty on its values that is added to the loss.</summary>
    public Regularizer? Regularizer { get; internal init; }

    /// <summary>A constraint on its values, enforced after each step.</summary>
    public Constraint? Constraint { get; internal init; }

    /// <summary>
    /// The current values; getting and setting copy them. A scalar weight has one dimension of size 1 here, because .NET's tensors without dimensions are
    /// empty.
    /// </summary>
    /// <exception cref="ModelException">The tensor to set has a different shape.</exception>
    public Tensor<float> Value
    {
        get => Tensor.Create((float[])Storage.Clone(), Shape.TensorLengths());
        set
        {
            CheckFits(value);
            value.FlattenTo(Overwritten());
        }
    }

    /// <summary>The name and the shape: <c>kernel (8, 4)</c>.</summary>
    public override string ToString() => $"{Name} {Shape}";

    internal void CheckFits(Tensor<float> value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var lengths = value.Lengths;
        if (!lengths.SequenceEqual(Shape.TensorLengths()))
            throw new ModelException($"Weight '{Name}' has shape {Shape}, but got values of shape ({string.Join(", ", lengths.ToArray())}).");
    }

    internal LayerBase? Owner { get; }

    /// <summary>The value that represents the weight in all graphs.</summary>
    internal Value Variable { get; }

    internal int Length => (int)Shape.ElementCount;

    internal bool IsInitialized => _values is not null;

    /// <summary>
    /// The elements, row by row; always the same array. The first read draws the initial values unless others were set. Values that are lent come back first,
    /// because the caller may read and write them: so nobody has to know where a weight is.
    /// </summary>
    internal float[] Storage
    {
        get
        {
            Volatile.Read(ref _holder)?.Release(this);
            return _values ?? Draw();
        }
    }

    /// <summary>
    /// Lends the values to a holder, which changes them elsewhere and copies them to <see cref="Storage"/> when somebody asks for it; null ends that.
    /// </summary>
    internal void Lend(IWeightHolder? holder) => Volatile.Write(ref _holder, holder);

    /// <summary>The elements with those of its adapter, if it has one, added.</summary>
    internal float[] Merged => Adapter is null ? Storage : Adapter.AddTo(Storage);

    /// <summary>Freezes the weight and adds the product of two others to it wherever it is read.</summary>
    internal void Adapt(Adapter adapter) => (Adapter, Trainable) = (adapter, false);

    /// <summary>Keeps gradients from updating the weight, whatever its layer says.</summary>
    internal void Freeze() => Trainable = false;

    /// <summary>Whether both hold the same values; those that were not drawn yet are the same if they would be drawn the same way.</summary>
    internal bool HoldsSameValues(Weight other) => Shape == other.Shape
        && (IsInitialized || other.IsInitialized
            ? Storage.AsSpan().SequenceEqual(other.Storage)
            : _first == other._first && ReferenceEquals(Initializer, other.Initializer));

    /// <summary>The elements for a caller that sets all of them; no initial values are drawn.</summary>
    internal Span<float> Overwritten()
    {
        Volatile.Read(ref _holder)?.Release(this);
        lock (_gate) return _values ??= Allocated(Path);
    }

    /// <summary>
    /// Determines the initial values, once, by the seed and the weight's full name. They are drawn when first read, so that no time is lost on a weight
    /// whose values come from a file.
    /// </summary>
    internal void Initialize(ulong seed, string path)
    {
        lock (_gate)
        {
            if (_values is null) _first ??= (seed, path);
        }
    }

    /// <summary>Determines the initial values by the seed of another weight of the same layer, if that is determined already.</summary>
    internal void InitializeBeside(Weight other)
    {
        if (other._first is var (seed, path)) Initialize(seed, path[..^other.Name.Length] + Name);
    }

    /// <summary>Draws the initial values; of several threads that read a weight first, one does, and the others wait.</summary>
    private float[] Draw()
    {
        lock (_gate)
        {
            if (_values is not null) return _values;
            var (seed, path) = _first ?? (0, Path);
            var values = Allocated(path);
            Array.Clear(values);
            try
            {
                Initializer.Fill(Shape, new RandomNumbers(seed, path), values);
            }
            catch (ModelException refusal) when (!refusal.NamesLayer)
            {
                throw new ModelException($"The first values of '{path}' cannot be drawn: {refusal.Message}", refusal) { NamesLayer = true };
            }

            // Published when complete: other threads read it without the lock.
            Volatile.Write(ref _values, values);
            return values;
        }
    }

    private string Path => _first?.Path ?? (Owner is null ? "" : Owner.Name + "/") + Name;

    private float[] Allocated(string path)
    {
        try
        {
            return GC.AllocateUninitializedArray<float>(Length, pinned: true);
        }
        catch (OutOfMemoryException cause)
        {
            throw new ModelMemoryException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"There is not enough memory for weight '{path}' of shape {Shape}: it takes {Length * 4.0 / 1e6:#,0.#} MB, and the process may use "
                    + $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e6:#,0.#} MB in all. Make the layer smaller, or raise the limit."),
                cause);
        }
    }
}
