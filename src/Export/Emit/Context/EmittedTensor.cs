using OnnxFunctional.Export.Layouts;

namespace OnnxFunctional.Export.Emit;

/// <summary>A tensor of the file that holds a value of the graph: its name and layout.</summary>
internal sealed record EmittedTensor(string Name, Layout Layout);
