namespace OnnxFunctional.Training;

/// <summary>What a step does with gradients that an optimizer accumulates.</summary>
internal enum AccumulationPhase
{
    /// <summary>What the count of steps says when it is made: the graph can do both.</summary>
    Counted,

    /// <summary>They are added up, and no weight moves.</summary>
    Waiting,

    /// <summary>Their mean moves the weights.</summary>
    Updating,
}
