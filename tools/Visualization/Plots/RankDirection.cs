namespace OnnxFunctional.Visualization;

/// <summary>Where data flows to in a picture of a model: Keras' rankdir.</summary>
public enum RankDirection
{
    /// <summary>Downward: TB.</summary>
    TopToBottom,

    /// <summary>Upward: BT.</summary>
    BottomToTop,

    /// <summary>To the right: LR.</summary>
    LeftToRight,

    /// <summary>To the left: RL.</summary>
    RightToLeft,
}
