using System.Diagnostics;
using System.Numerics.Tensors;

namespace OnnxFunctional;

/// <summary>A tensor a layer owns: learned, or kept up to date by training such as a moving mean.</summary>
[DebuggerDisplay("{Name,nq} {Shape,nq}")]
public sealed class Weight
{
    private float[]? _values;
    private RandomNumbers? _first;

    internal Weight(string name, Shape shape, Initializer initializer, bool trainable, LayerBase? owner)
    {
        if (shape.IsKnown && !HasIndexableSize(shape)) throw new ModelException($"Weight '{name}' of shape {shape} has more than {Array.MaxLength} elements, which no array holds. Make the layer smaller.");
        Name = name;
        Shape = shape;
        Initializer = initializer;
        Trainable = trainable;
        Owner = owner;
        Variable = Node.Create(new Operators.Variable(this), [], null).Outputs[0];
    }

    /// <summary>The name within its layer, as Keras has it: <c>kernel</c>, <c>bias</c>. A model puts the layer's path in front.</summary>
    public string Name { get; }

    /// <summary>The dimensions, all known.</summary>
    public Shape Shape { get; }

    /// <summary>Whether training moves it by gradients; moving statistics are not trainable. A frozen layer freezes all of its weights.</summary>
    public bool Trainable { get; }

    /// <summary>What the first values come from.</summary>
    public Initializer Initializer { get; }

    /// <summary>A penalty on its values that is added to the loss.</summary>
    public Regularizer? Regularizer { get; internal init; }

    /// <summary>A rule its values are made to follow after each step.</summary>
    public Constraint? Constraint { get; internal init; }

    /// <summary>The present values; reading copies them out, setting copies them in. A weight without dimensions, a single number, has one dimension of size 1 here, because .NET's tensors without dimensions are empty.</summary>
    /// <exception cref="ModelException">The given tensor has another shape.</exception>
    public Tensor<float> Value
    {
        get => Tensor.Create((float[])Storage.Clone(), Lengths());
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            var lengths = value.Lengths;
            if (!lengths.SequenceEqual(Lengths()))
                throw new ModelException($"Weight '{Name}' has shape {Shape}, but values of shape ({string.Join(", ", lengths.ToArray())}) were given.");
            value.FlattenTo(_values ??= GC.AllocateArray<float>(Length, pinned: true));
        }
    }

    internal LayerBase? Owner { get; }

    /// <summary>The one value that stands for the weight in every graph that reads it.</summary>
    internal Value Variable { get; }

    internal int Length => (int)Shape.ElementCount;

    internal bool IsInitialized => _values is not null;

    /// <summary>The elements, row by row. A trainer may move them into a memory of its own; readers ask anew for each run.</summary>
    internal float[] Storage
    {
        get
        {
            if (_values is null)
            {
                var values = GC.AllocateArray<float>(Length, pinned: true);
                Initializer.Fill(Shape, _first ?? new RandomNumbers(0, (Owner is null ? "" : Owner.Name + "/") + Name), values);
                _values = values;
            }

            return _values;
        }
    }

    /// <summary>The elements for someone who sets all of them: no first values are drawn.</summary>
    internal Span<float> Overwritten() => _values ??= GC.AllocateUninitializedArray<float>(Length, pinned: true);

    /// <summary>Fixes the first values, once: a function of the seed and the weight's full name alone. They are drawn when first read, so that a weight that a file fills costs nothing before.</summary>
    internal void Initialize(ulong seed, string path)
    {
        if (_values is null) _first ??= new RandomNumbers(seed, path);
    }

    private static bool HasIndexableSize(Shape shape)
    {
        var count = 1L;
        foreach (var dim in shape.Dims)
        {
            if ((count *= dim) > Array.MaxLength) return false;
        }

        return true;
    }

    private nint[] Lengths() => Shape.Rank == 0 ? [1] : [.. Shape.Dims.ToArray().Select(dim => (nint)dim)];
}
