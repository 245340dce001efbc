namespace OnnxFunctional.Export;

/// <summary>How the integers of a matrix of weights are chosen.</summary>
public enum WeightRounding
{
    /// <summary>Each weight becomes the nearest step.</summary>
    Nearest,

    /// <summary>
    /// One input after the other, so that what was lost by those before is made up for on calibration data: minimizes <c>|X W - X Q|²</c> (GPTQ,
    /// arxiv.org/abs/2210.17323).
    /// </summary>
    Gptq,
}
