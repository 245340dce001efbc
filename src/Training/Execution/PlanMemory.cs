namespace OnnxFunctional.Training.Execution;

/// <summary>Where the values of a plan lie.</summary>
internal enum PlanMemory
{
    /// <summary>In memory that belongs to the plan alone.</summary>
    Own,

    /// <summary>In an <see cref="Arena"/> that the plan is given for each run.</summary>
    Arena,

    /// <summary>Nowhere: the plan only serves to measure, and cannot run.</summary>
    None,
}
