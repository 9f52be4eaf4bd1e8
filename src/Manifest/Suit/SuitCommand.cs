namespace Fota.Manifest.Suit;

/// <summary>One command of a sequence, with its number in the registry "SUIT Commands" and its argument.</summary>
/// <param name="Number">The command's number.</param>
public abstract record SuitCommand(long Number)
{
    /// <summary>A command whose argument says nothing of other commands: every condition, and most directives.</summary>
    /// <param name="Number">The command's number.</param>
    /// <param name="Argument">For conditions and most directives the reporting policy.</param>
    public sealed record Plain(long Number, SuitValue Argument) : SuitCommand(Number);

    /// <summary>set-parameters or override-parameters.</summary>
    /// <param name="Number">The command's number.</param>
    /// <param name="Values">The parameters, as they came.</param>
    public sealed record Parameters(long Number, IReadOnlyList<SuitParameter> Values) : SuitCommand(Number);

    /// <summary>override-multiple: parameters for each of several components.</summary>
    /// <param name="Number">The command's number.</param>
    /// <param name="Values">The parameters by component index.</param>
    public sealed record ParametersOfMany(long Number, IReadOnlyList<(long Component, IReadOnlyList<SuitParameter> Values)> Values) : SuitCommand(Number);

    /// <summary>set-component-index: which components the following commands act on.</summary>
    /// <param name="Number">The command's number.</param>
    /// <param name="Index">The components.</param>
    public sealed record SelectComponents(long Number, ComponentIndex Index) : SuitCommand(Number);

    /// <summary>try-each: the first of the sequences that does not fail.</summary>
    /// <param name="Number">The command's number.</param>
    /// <param name="Alternatives">The sequences; null is the empty alternative that always succeeds.</param>
    public sealed record TryEach(long Number, IReadOnlyList<IReadOnlyList<SuitCommand>?> Alternatives) : SuitCommand(Number);

    /// <summary>run-sequence.</summary>
    /// <param name="Number">The command's number.</param>
    /// <param name="Commands">The sequence.</param>
    public sealed record RunSequence(long Number, IReadOnlyList<SuitCommand> Commands) : SuitCommand(Number);
}

/// <summary>A parameter and its value.</summary>
/// <param name="Number">Its number in the registry "SUIT Parameters".</param>
/// <param name="Value">The value.</param>
public sealed record SuitParameter(long Number, SuitValue Value);

/// <summary>The argument of set-component-index.</summary>
public abstract record ComponentIndex
{
    private ComponentIndex()
    {
    }

    /// <summary>Every component.</summary>
    public sealed record All : ComponentIndex;

    /// <summary>One component.</summary>
    /// <param name="Index">Its place in the list of components, dependencies included.</param>
    public sealed record One(long Index) : ComponentIndex;

    /// <summary>Several components.</summary>
    /// <param name="Indices">Their places.</param>
    public sealed record Many(IReadOnlyList<long> Indices) : ComponentIndex;
}
