namespace OnnxFunctional;

/// <summary>Who holds the newest values of weights outside of them, such as the memory of a device.</summary>
internal interface IWeightHolder
{
    /// <summary>Copies the values to the weight's own memory and ends holding them, by <see cref="Weight.Lend"/>. Any thread may call it.</summary>
    /// <param name="weight">A weight that was lent to this holder.</param>
    void Release(Weight weight);
}
