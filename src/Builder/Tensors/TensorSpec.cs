namespace OnnxFunctional;

/// <summary>What is known of a value before it is computed: its shape and its element type.</summary>
internal readonly record struct TensorSpec(Shape Shape, DType Type)
{
    public override string ToString() => Type == DType.Float32 ? Shape.ToString() : Shape + " " + Type.KerasName();
}
