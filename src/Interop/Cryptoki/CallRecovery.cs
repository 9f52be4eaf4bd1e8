namespace Fota.Interop.Cryptoki;

/// <summary>
/// Makes good what a failed call of a token complains of, by the <see cref="RecoveryTable"/>. One for each operation: it counts what was tried, since
/// each row is tried once, pauses excepted, and then the failure stands (A50).
/// </summary>
internal sealed class CallRecovery(CryptokiLibrary library, TokenLogin login)
{
    private const int MaxPauses = 5;

    private const int MaxLogins = 2;

    // What the recoveries of other threads cost this one. Each is progress, but none of it is for ever.
    private const int MaxDisturbances = 16;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);

    private readonly HashSet<Recovery> _tried = [];
    private int _pauses;
    private int _disturbances;
    private int _logins;

    /// <summary>Whether the operation is worth repeating now.</summary>
    /// <param name="failure">What the call said.</param>
    /// <param name="generation">What it was made in; null when the login itself failed.</param>
    /// <exception cref="CryptokiRefusalException">The token is away, or its login is refused.</exception>
    public bool TryMakeGood(CryptokiException failure, TokenGeneration? generation)
    {
        long initialization = library.Module.Module.Initialization;
        if (generation is not null && generation.Initialization != initialization)
        {
            return ++_disturbances <= MaxDisturbances;
        }

        // What is not clearly another matter may have cost a try of the PIN: one operation gives it twice at most.
        if (failure.Function == nameof(CK_FUNCTION_LIST.C_Login) && failure.ReachedModule && ++_logins == MaxLogins)
        {
            return false;
        }

        switch (failure.Code.Recovery)
        {
            case Recovery.BackOff:
                return TryPause();

            case Recovery.NewSession or Recovery.LogIn:
                return _tried.Add(failure.Code.Recovery) && Renew(generation);

            // After an answer of C_Login a PIN may have been counted: the same operation does not give it again.
            case Recovery.Probe when failure.Function == nameof(CK_FUNCTION_LIST.C_Login):
                return false;

            case Recovery.Probe when generation is not null:
                return _tried.Add(Recovery.Probe) && (login.IsLost(library, generation) ? Reinitialize(initialization, failure) : Renew(generation));

            // Where there is no login yet, no request can be at fault: the breaker alone says when it is enough.
            case Recovery.Probe:
                return Reinitialize(initialization, failure);

            case Recovery.Reinitialize:
                return (generation is null || _tried.Add(Recovery.Reinitialize)) && Reinitialize(initialization, failure);

            default:
                return false;
        }
    }

    private bool Renew(TokenGeneration? generation)
    {
        if (generation is not null)
        {
            login.Renew(library, generation);
        }

        return true;
    }

    private bool Reinitialize(long initialization, CryptokiException failure)
    {
        login.Reinitialize(library, initialization, failure);
        return ++_disturbances <= MaxDisturbances;
    }

    private bool TryPause()
    {
        if (_pauses == MaxPauses)
        {
            return false;
        }

        Task.Delay(FirstPause * (1 << _pauses), library.Clock).Wait();
        _pauses++;
        return true;
    }
}
