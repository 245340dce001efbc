using OnnxFunctional.Export.Layouts;

namespace OnnxFunctional.Export.Emit;

/// <summary>Where a graph's value is found in the file, and how it lies there.</summary>
internal sealed record EmittedTensor(string Name, Layout Layout);
