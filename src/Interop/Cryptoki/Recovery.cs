namespace Fota.Interop.Cryptoki;

/// <summary>What a client does when a call answers with a return value of this row of the <see cref="RecoveryTable"/>.</summary>
public enum Recovery
{
    /// <summary>Report it: nothing that this library could do would change the answer. Also the row of every code that the table does not list.</summary>
    Fatal,

    /// <summary>Nothing: the call did what it should.</summary>
    Success,

    /// <summary>Host or token is short of something: repeat after a pause, each twice as long as the one before, a few times.</summary>
    BackOff,

    /// <summary>The session is of no use any more: repeat once on a new one.</summary>
    NewSession,

    /// <summary>The user is logged out, which a vanished object may be the only sign of: log in, find the object anew, repeat once.</summary>
    LogIn,

    /// <summary>Module or token is lost: initialise the module anew, if the circuit breaker lets it, and repeat once.</summary>
    Reinitialize,

    /// <summary>Modules say this of a bad request and of a device that is gone: ask session and token, then decide.</summary>
    Probe,

    /// <summary>Never again, since each attempt may use up one of the PIN's tries.</summary>
    NeverAgain,
}
