using System.Diagnostics.CodeAnalysis;

namespace Fota.Manifest;

/// <summary>What came of examining untrusted bytes: a proven value, or the one reason why there is none. There is no third case.</summary>
/// <typeparam name="T">The level of trust that was reached.</typeparam>
public abstract class Verdict<T>
    where T : class
{
    private Verdict()
    {
    }

    /// <summary>The value was proven.</summary>
    public sealed class Accepted : Verdict<T>
    {
        internal Accepted(T value) => Value = value;

        /// <summary>The proven value.</summary>
        public T Value { get; }
    }

    /// <summary>The input was refused; nothing changed.</summary>
    public sealed class Rejected : Verdict<T>
    {
        internal Rejected(Rejection rejection) => Rejection = rejection;

        /// <summary>Why.</summary>
        public Rejection Rejection { get; }
    }

    /// <summary>Says which case this is.</summary>
    public bool IsAccepted([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out Rejection? rejection)
    {
        value = (this as Accepted)?.Value;
        rejection = (this as Rejected)?.Rejection;
        return value is not null;
    }

    /// <summary>The value, where a refusal cannot be handled any better than by <see cref="RejectedException"/>.</summary>
    /// <exception cref="RejectedException">The input was refused.</exception>
    public T OrThrow() => IsAccepted(out T? value, out Rejection? rejection) ? value : throw new RejectedException(rejection);
}

/// <summary>Makes verdicts.</summary>
public static class Verdict
{
    /// <summary>Runs <paramref name="examine"/> and turns the refusal it throws into a verdict; any other exception is a defect and passes.</summary>
    public static Verdict<T> Of<T>(Func<T> examine)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(examine);
        try
        {
            return new Verdict<T>.Accepted(examine());
        }
        catch (RejectedException e)
        {
            return new Verdict<T>.Rejected(e.Rejection);
        }
    }
}
