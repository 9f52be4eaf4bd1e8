namespace Fota.Interop.Cryptoki;

/// <summary>What a client has to do when a call answers with a return value of this class.</summary>
public enum Recovery
{
    /// <summary>Stop and report. Also the class of every code that is not known.</summary>
    Stop,

    /// <summary>Nothing: the call did what it should.</summary>
    Success,

    /// <summary>Repeat on the same session after a pause.</summary>
    Retry,

    /// <summary>The session is dead: repeat on a new one.</summary>
    NewSession,

    /// <summary>The token logged the user out: log in, then repeat.</summary>
    LogIn,

    /// <summary>Modules use the code both for a bad request and for a device that is gone: ask the session, then decide.</summary>
    Probe,

    /// <summary>Module or token is lost: the library has to be initialised again.</summary>
    Reinitialize,

    /// <summary>A remembered object handle is stale: find the object again, then repeat.</summary>
    FindAgain,

    /// <summary>Never repeat: each attempt may use up one of the PIN's tries.</summary>
    CredentialFailure,

    /// <summary>The object exists, and its attributes or the token's policy forbid the use.</summary>
    PolicyRefusal,

    /// <summary>The token does not offer this mechanism or parameter: an error of configuration.</summary>
    Unsupported,

    /// <summary>The caller made a mistake.</summary>
    CallerError,
}
