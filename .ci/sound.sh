#!/bin/sh
# A sound device for machines without one: PulseAudio with a null sink, whose monitor the
# tests record. Run it or source it, as often as you like; without PulseAudio it says so
# and succeeds. norewinds: a sink that rewinds hands its monitor the sound half a second late.

birdscope_sound() {
    if ! command -v pulseaudio >/dev/null 2>&1 || ! command -v pactl >/dev/null 2>&1; then
        echo "sound: no PulseAudio here (Debian: apt-get install pulseaudio pulseaudio-utils" \
            "libportaudio2 libasound2-plugins); tests that need a device skip or fail" >&2
        return 0
    fi
    if ! pactl info >/dev/null 2>&1; then
        birdscope_sound_start || return 0
    fi
    pactl list short sinks | grep -q birdscope_null || pactl load-module module-null-sink \
        sink_name=birdscope_null rate=48000 channels=2 norewinds=1 \
        sink_properties=device.description=birdscope-null >/dev/null
    pactl set-default-sink birdscope_null
    pactl set-default-source birdscope_null.monitor
    echo "sound: $(pactl get-default-sink), recorded at $(pactl get-default-source)"
}

birdscope_sound_start() {
    # -n skips default.pa: it would look for hardware, X11 and a session bus, all absent here.
    # The native socket lies where every client looks for it without a variable set.
    pulseaudio -n --daemonize=yes --exit-idle-time=-1 --disallow-exit=yes --use-pid-file=yes \
        --realtime=no --high-priority=yes --log-level=error \
        --load="module-native-protocol-unix auth-anonymous=1" 2>/dev/null
    attempt=0
    until pactl info >/dev/null 2>&1; do
        attempt=$((attempt + 1))
        if [ "$attempt" -ge 50 ]; then
            echo "sound: PulseAudio did not come up; try: pulseaudio -n -vvv" >&2
            return 1
        fi
        sleep 0.1
    done
}

birdscope_sound
