namespace OnnxFunctional.Export.Emit;

/// <summary>Writes one node of a graph into a file.</summary>
internal delegate void Emitter(Emission emission, Node node);
