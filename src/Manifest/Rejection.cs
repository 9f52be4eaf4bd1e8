namespace Fota.Manifest;

/// <summary>Why an input was refused.</summary>
/// <param name="Reason">The stable reason.</param>
/// <param name="Detail">For people: what was wanted and what was got. Never holds a secret.</param>
public sealed record Rejection(RejectionReason Reason, string Detail)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Reason}: {Detail}";
}

/// <summary>Carries a <see cref="Fota.Manifest.Rejection"/> where a refusal has to unwind a call.</summary>
public sealed class RejectedException : Exception
{
    /// <summary>Makes the exception for <paramref name="rejection"/>.</summary>
    public RejectedException(Rejection rejection)
        : base(rejection?.ToString())
    {
        ArgumentNullException.ThrowIfNull(rejection);
        Rejection = rejection;
    }

    /// <summary>Makes the exception for a reason and its detail.</summary>
    public RejectedException(RejectionReason reason, string detail)
        : this(new Rejection(reason, detail))
    {
    }

    /// <summary>Why the input was refused.</summary>
    public Rejection Rejection { get; }
}
