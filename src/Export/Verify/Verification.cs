namespace OnnxFunctional.Export.Verify;

/// <summary>The result of a verification that passed.</summary>
/// <param name="Layers">One row per layer, then one per output.</param>
/// <param name="Reduced">What was compared on fewer samples than asked for, and why; null if all was compared as asked for.</param>
internal sealed record Verification(IReadOnlyList<LayerDifference> Layers, string? Reduced);
