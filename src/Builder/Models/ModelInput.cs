using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace OnnxFunctional;

/// <summary>Holds <c>Model.Input(...)</c>: a static extension, because a model also has a property <see cref="Model.Input"/>.</summary>
/// <example><code>
/// var image = Model.Input([28, 28, 1], name: "image");
/// var words = Model.Input([null], DType.Int32);            // sequences of any length
/// var text = Model.Input([1], DType.String);
/// </code></example>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ModelInput
{
    extension(Model)
    {
        /// <summary>Creates an input of a model.</summary>
        /// <param name="shape">The dimensions without the batch; <see langword="null"/> for an unknown size.</param>
        /// <param name="dtype">The type of the elements.</param>
        /// <param name="name">The name; if omitted, the model chooses one.</param>
        /// <param name="batchSize">A fixed batch size, which stateful layers need.</param>
        /// <returns>A tensor (batch, shape...) to call layers on.</returns>
        /// <exception cref="ModelException">The name is empty or holds a '/', or the batch size is below 1.</exception>
        public static SymbolicTensor Input(Shape shape, DType dtype = DType.Float32, string? name = null, int? batchSize = null) =>
            batchSize is null or > 0
                ? new InputLayer(shape.Insert(0, batchSize ?? Shape.Unknown), dtype, name).Tensor
                : throw new ModelException($"batchSize is {batchSize}; expected at least 1, or null for any size.");

        /// <summary>Creates an input of a model from its shape with the batch.</summary>
        /// <param name="batchShape">The dimensions, the batch first; <see langword="null"/> for an unknown size.</param>
        /// <param name="dtype">The type of the elements.</param>
        /// <param name="name">The name; if omitted, the model chooses one.</param>
        /// <returns>A tensor of that shape to call layers on.</returns>
        /// <exception cref="ModelException">The shape has no dimension for the batch.</exception>
        [OverloadResolutionPriority(-1)]
        public static SymbolicTensor Input(Shape batchShape, DType dtype = DType.Float32, string? name = null) => batchShape.Count > 0
            ? new InputLayer(batchShape, dtype, name).Tensor
            : throw new ModelException("batchShape is (); expected the batch, or null, as the first dimension: Model.Input(batchShape: [16, 10]).");
    }
}
