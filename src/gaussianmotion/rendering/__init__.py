"""Pictures and videos of finished avatars: views, turntables, animations and contact sheets."""
