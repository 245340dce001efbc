namespace OnnxFunctional;

/// <content>Adapters: training with a fraction of the weights.</content>
public abstract partial class LayerBase
{
    /// <summary>Rank and alpha of the adapters that the layer was given; null without.</summary>
    private protected (int Rank, double? Alpha)? Lora { get; private set; }

    /// <summary>
    /// Freezes the layer's kernel and trains two small matrices beside it (LoRA): <c>W + (loraAlpha / rank) A B</c>, where A has the kernel's leading
    /// dimensions by the rank, He uniform, and B the rank by the kernel's last dimension, zeros. Exporting and saving for Keras merge them into the kernel.
    /// </summary>
    /// <remarks>
    /// <para>
    /// Dense, EinsumDense, Embedding and convolutions have such kernels, and so have the products, convolutions and tables of an opened file. Their bias is
    /// trained as before. A model, or a layer made of others, gives adapters to all such layers inside it and freezes all else: what training changes is then
    /// in the adapters alone. Compile afterwards.
    /// </para>
    /// <para>Keras: https://keras.io/api/layers/core_layers/dense/, <c>enable_lora</c>.</para>
    /// </remarks>
    /// <param name="rank">The columns of A: how much the kernel may change.</param>
    /// <param name="loraAlpha">The factor on the product is this by the rank; default: the rank.</param>
    /// <exception cref="ModelException">
    /// The rank is not positive, the layer is not built, has no such kernel, has a constraint on it, or has adapters already.
    /// </exception>
    /// <example><code>
    /// pretrained.EnableLora(rank: 8);
    /// var head = new Dense(2, Activation.Softmax).Call(pretrained.Output);
    /// </code></example>
    public void EnableLora(int rank, double? loraAlpha = null)
    {
        CheckLora(rank, loraAlpha);
        List<LayerBase> all = [.. Inside(this).Distinct()];
        List<LayerBase> adapted = [.. all.Where(layer => layer.AdaptableWeights.Any())];
        if (adapted.Count == 0) throw NotAdaptable();
        foreach (var layer in adapted) layer.CheckAdaptable();
        foreach (var layer in adapted)
        {
            layer.Lora = (rank, loraAlpha);
            foreach (var weight in layer.AdaptableWeights.ToList()) layer.Adapt(weight);
            if (layer == this) continue;
            foreach (var weight in layer._weights.Where(weight => !weight.IsOfAdapter)) weight.Freeze();
        }

        foreach (var layer in all.Except(adapted).Where(layer => layer._weights.Count > 0)) layer.Trainable = false;

        static IEnumerable<LayerBase> Inside(LayerBase layer) => layer.Children.SelectMany(Inside).Prepend(layer);
    }

    /// <summary>Notes the options of a constructor; the weight gets its adapter when it is made.</summary>
    private protected void UseLora(int? loraRank, double? loraAlpha)
    {
        CheckLora(loraRank ?? 1, loraAlpha);
        if (loraRank is { } rank) Lora = (rank, loraAlpha);
    }

    /// <summary>A weight, as <see cref="Weight"/> returns it, that can have an adapter.</summary>
    private protected SymbolicTensor AdaptableWeight(string name, Shape shape, Initializer initializer, Regularizer? regularizer, Constraint? constraint)
    {
        var values = Weight(name, shape, initializer, regularizer: regularizer, constraint: constraint);
        var weight = _weights.Find(weight => weight.Name == name)!;
        weight.TakesAdapter = true;
        if (Lora is not null && weight.Adapter is null)
        {
            CheckUnconstrained(weight);
            Adapt(weight);
        }

        return values;
    }

    private IEnumerable<Weight> AdaptableWeights => _weights.Where(weight => weight.TakesAdapter);

    private void Adapt(Weight weight)
    {
        var (rank, alpha) = Lora!.Value;
        var dims = weight.Shape.Dims;
        var (a, b) = NamesWeightsAlone ? (weight.Name + ".lora_a", weight.Name + ".lora_b") : ($"lora_{weight.Name}_a", $"lora_{weight.Name}_b");
        weight.Adapt(new(
            Beside(a, Shape.Of([.. dims[..^1], rank]), Initializer.HeUniform),
            Beside(b, Shape.Of(rank, dims[^1]), Initializer.Zeros),
            (float)((alpha ?? rank) / rank)));

        Weight Beside(string name, Shape shape, Initializer initializer)
        {
            var made = new Weight(name, shape, initializer, trainable: true, this) { Regularizer = weight.Regularizer, IsOfAdapter = true };
            made.InitializeBeside(weight);
            _weights.Add(made);
            return made;
        }
    }

    private void CheckLora(int rank, double? alpha)
    {
        if (rank <= 0) throw Refused($"The rank of adapters is {rank}; expected 1 or more, such as 8");
        if (alpha is { } factor && !double.IsFinite(factor)) throw Refused($"loraAlpha is {factor}; expected a number");
    }

    private void CheckAdaptable()
    {
        if (Lora is not null) throw Refused("It has adapters already; EnableLora once, before Compile");
        foreach (var weight in AdaptableWeights) CheckUnconstrained(weight);
    }

    private void CheckUnconstrained(Weight weight)
    {
        if (weight.Constraint is not null)
            throw Refused($"Its {weight.Name} has a constraint, which an adapter would not obey. Make the layer without {weight.Name}Constraint");
    }

    private ModelException NotAdaptable() => Calls.Count == 0 && _weights.Count == 0 && Children.Count == 0
        ? Refused("It is not built, so it has no kernel yet. Call it on a tensor first")
        : Refused(
            "It has no kernel that takes an adapter. Dense, EinsumDense, Embedding, Conv1D, Conv2D and Conv3D have one, "
            + "and so have MatMul, Gemm, Conv and Gather of an opened file, unless another layer owns the weight");

    private ModelException Refused(string reason) => new($"{ClassName} '{Name}', EnableLora: {reason}.") { NamesLayer = true };
}
